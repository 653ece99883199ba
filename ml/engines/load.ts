import { MlError } from "../errors.ts";
import { ENGINE_NAMES, type Engine, type EngineName } from "./engine.ts";
import { createPlainEngine } from "./plain.ts";

/** The engine that is used where none is named. */
export const DEFAULT_ENGINE: EngineName = "onnx";

/** All three come with the repository. TensorFlow.js alone can be quicker than it comes: natively, if the user wants that. */
const INSTALLED_BY = "npm ci";
const FASTER_BY: Partial<Record<EngineName, string>> = { tfjs: "npm install --no-save @tensorflow/tfjs-node@4.22.0" };

/** One engine as a person sees it. */
export type EngineState =
  | { engine: EngineName; isReady: true; version: string; faster?: string }
  | { engine: EngineName; isReady: false; install: string; because: string };

/**
 * Loads the engine of this name and no other: who names one gets it or an error.
 *
 * @throws ENGINE_UNKNOWN where there is none of the name; ENGINE_MISSING with the command that installs it
 */
export async function loadEngine(name: string = DEFAULT_ENGINE): Promise<Engine> {
  const known = ENGINE_NAMES.find((engine) => engine === name);
  if (!known)
    throw new MlError("ENGINE_UNKNOWN", {
      engine: name,
      engines: ENGINE_NAMES,
      detail: `There is no engine ${name}; there are ${ENGINE_NAMES.join(", ")}.`,
    });
  try {
    return await LOADERS[known]();
  } catch (cause) {
    const detail = `${known} does not load: ${reasonOf(cause)} Run: ${INSTALLED_BY}`;
    throw new MlError("ENGINE_MISSING", { engine: known, install: INSTALLED_BY, detail }, cause);
  }
}

const LOADERS: Record<EngineName, () => Promise<Engine>> = {
  onnx: async () => (await import("./onnx.ts")).loadOnnxEngine(),
  tfjs: async () => (await import("./tfjs.ts")).loadTfjsEngine(),
  plain: async () => createPlainEngine(),
};

/** Every engine, ready or missing. */
export function listEngines(): Promise<EngineState[]> {
  return Promise.all(ENGINE_NAMES.map(stateOf));
}

async function stateOf(engine: EngineName): Promise<EngineState> {
  try {
    const { version } = await loadEngine(engine);
    const faster = FASTER_BY[engine];
    return {
      engine,
      isReady: true,
      version,
      ...(faster !== undefined && !version.includes("tfjs-node") && { faster }),
    };
  } catch (error) {
    return { engine, isReady: false, install: INSTALLED_BY, because: reasonOf((error as MlError).cause) };
  }
}

const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";

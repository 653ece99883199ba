import { Worker } from "node:worker_threads";
import { MlError, type MlErrorCode } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { CompileOptions, Engine, Numbers, Program, Tensors } from "./engine.ts";
import { DEFAULT_ENGINE } from "./load.ts";

/** What the thread is asked; programs are counted from 0. */
export type Question =
  | { act: "open"; engine: string }
  | { act: "compile"; graph: Graph; states: Tensors; options: CompileOptions }
  | { act: "run"; program: number; inputs: Tensors }
  | { act: "read"; program: number }
  | { act: "write"; program: number; states: Tensors }
  | { act: "close"; program: number };

/** What it answers: to the question of this number, a value or an error of ours. */
export type Answer = { number: number } & ({ value: unknown } | { code: MlErrorCode; facts: Record<string, unknown> });

/** An engine in a thread of its own, to be closed when it is no longer needed. */
export interface EngineThread extends Engine {
  close(): Promise<void>;
}

/**
 * Loads an engine in a worker thread. It is used like any other, and whoever asks it is free while it computes. Tensors are copied
 * on the way, a window in microseconds. The thread alone does not keep a process alive.
 *
 * @throws what `loadEngine` throws; ENGINE_FAILED, also to whoever waits, when the thread ends by itself
 */
export async function openEngineThread(name: string = DEFAULT_ENGINE): Promise<EngineThread> {
  const worker = new Worker(new URL("./engine-worker.ts", import.meta.url));
  const ask = talkWith(worker, name);
  try {
    const { engine, version } = (await ask({ act: "open", engine: name })) as {
      engine: Engine["name"];
      version: string;
    };
    return {
      name: engine,
      version,
      async compile(graph, states, options = {}) {
        return programOf((await ask({ act: "compile", graph, states, options })) as number, ask);
      },
      close: async () => void (await worker.terminate()),
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

type Ask = (question: Question) => Promise<unknown>;

const programOf = (program: number, ask: Ask): Program => ({
  run: (inputs) => ask({ act: "run", program, inputs }) as Promise<Record<string, Numbers>>,
  read: () => ask({ act: "read", program }) as Promise<Record<string, Numbers>>,
  write: (states) => ask({ act: "write", program, states }) as Promise<void>,
  close: () => ask({ act: "close", program }) as Promise<void>,
});

/** Numbers questions and finds whom an answer is for. Only while somebody waits does the thread keep the process alive. */
function talkWith(worker: Worker, engine: string): Ask {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let asked = 0;
  let ended: MlError | undefined;
  worker.unref();
  worker.on("message", (answer: Answer) => {
    const asker = waiting.get(answer.number);
    waiting.delete(answer.number);
    if (waiting.size === 0) worker.unref();
    if ("code" in answer) asker?.reject(new MlError(answer.code, answer.facts));
    else asker?.resolve(answer.value);
  });
  const end = (cause?: unknown): void => {
    ended ??= new MlError("ENGINE_FAILED", { engine, detail: "The thread of an engine has ended." }, cause);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.once("error", end);
  worker.once("exit", () => end());
  return (question) =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const number = asked++;
      waiting.set(number, { resolve, reject });
      worker.ref();
      worker.postMessage({ number, question });
    });
}

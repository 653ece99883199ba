import { parseArgs } from "node:util";
import { isHex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { OracleEvent } from "./events.ts";
import type { Judge } from "./judge.ts";
import { startOracle, type OraclePlan } from "./start.ts";

const PARENT_CHECK_MS = 500;

/** Words of the command line; RPC_URL stands in for --rpc. Throws UNUSABLE_INPUT when a word is missing or unknown. */
export function readArguments(
  words: readonly string[],
  rpcUrl = process.env.RPC_URL,
): Omit<OraclePlan, "judge" | "report"> & { detached: boolean } {
  const text = { type: "string" } as const;
  const read = () =>
    parseArgs({
      args: [...words],
      options: {
        url: text,
        key: text,
        data: text,
        model: text,
        "model-hash": text,
        trust: text,
        rpc: text,
        detached: { type: "boolean" },
      },
    }).values;
  let values: ReturnType<typeof read>;
  try {
    values = read();
  } catch (cause) {
    throw new TwinwardError("UNUSABLE_INPUT", { detail: (cause as Error).message }, cause);
  }
  const { url, key, data, model, "model-hash": modelHash, trust, rpc = rpcUrl } = values;
  if (url === undefined || key === undefined || data === undefined || model === undefined || !isHex(modelHash, 32))
    throw new TwinwardError("UNUSABLE_INPUT", {
      detail:
        "Needed: --url URL --key FILE --data DIR --model FILE --model-hash 0x…; optional: --trust FILE --rpc URL --detached.",
    });
  return {
    url,
    keyFile: key,
    directory: data,
    modelFile: model,
    modelHash,
    ...(trust === undefined ? {} : { trustFile: trust }),
    ...(rpc === undefined ? {} : { rpc }),
    detached: values.detached === true,
  };
}

/**
 * An oracle as a process: one JSON line per event on stderr, ends on SIGTERM, SIGINT, and with the process that started it
 * (unless --detached), so that a killed server leaves none behind. Exit status 1 when it could not start.
 */
export async function runProcess(words: readonly string[], judge: Judge): Promise<void> {
  const report = (event: OracleEvent | { event: "started" | "failed"; [fact: string]: unknown }): void => {
    process.stderr.write(`${JSON.stringify({ at: Date.now(), ...event })}\n`);
  };
  const ending = new AbortController();
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      ending.abort();
      resolve();
    };
    process.once("SIGTERM", end);
    process.once("SIGINT", end);
    // Nobody listens any more: whoever started this process is gone.
    process.stderr.once("error", end);
    const parent = process.ppid;
    if (!words.includes("--detached"))
      setInterval(() => {
        if (process.ppid !== parent) end();
      }, PARENT_CHECK_MS).unref();
  });
  try {
    const oracle = await startOracle({ ...readArguments(words), judge, report }, ending.signal);
    report({ event: "started", oracle: oracle.address });
    await ended;
    await oracle.stop();
    process.exit(0);
  } catch (error) {
    if (ending.signal.aborted) process.exit(0);
    report({ event: "failed", why: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  }
}

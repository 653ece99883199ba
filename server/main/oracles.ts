import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { DataDirectory } from "./data-directory.ts";
import { tellOracleLine } from "./log.ts";

const PROCESS = fileURLToPath(new URL("../oracle/process.ts", import.meta.url));
const RESTART_MS = 1_000;
const STOP_WITHIN_MS = 2_000;

export interface OraclesPlan {
  readonly data: DataDirectory;
  readonly count: number;
  /** The server that they read through its front door. */
  readonly url: string;
  /** The chain that they write to: what the consortium file names may be another start's port. */
  readonly rpc: string;
  /** The detector's model, known by its hash. */
  readonly model: { readonly file: string; readonly hash: string };
  readonly log: Logger;
}

export interface Oracles {
  /** Process ids, by oracle; undefined while one is being started again. */
  pids(): (number | undefined)[];
  close(): Promise<void>;
}

/** Runs each oracle as a process of its own, with its own key and directory, and starts it again when it ends. */
export function startOracles(plan: OraclesPlan): Oracles {
  const children: (ChildProcess | undefined)[] = [];
  const timers = new Set<NodeJS.Timeout>();
  let closing = false;

  const start = (index: number): void => {
    const directory = plan.data.oracle(index);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const words = [
      "--url",
      plan.url,
      "--trust",
      plan.data.consortium,
      "--key",
      plan.data.key(`oracle-${index}`),
      "--data",
      directory,
      "--model",
      plan.model.file,
      "--model-hash",
      plan.model.hash,
    ];
    // Not by a word: those can be read by whoever has an account on this machine, and the URL may hold a secret.
    // The database's password is none of an oracle's business.
    const env = { ...process.env, DATABASE_URL: undefined, PGPASSWORD: undefined, RPC_URL: plan.rpc };
    // In a group of its own: a Ctrl-C reaches it through us, once we know that we are closing.
    const child = spawn(process.execPath, [PROCESS, ...words], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
      env,
    });
    children[index] = child;
    createInterface({ input: child.stderr }).on("line", (line) => {
      const said = tellOracleLine(line);
      if (said) plan.log.info({ oracle: index, said }, "oracle");
    });
    child.on("exit", (code, signal) => {
      children[index] = undefined;
      if (closing) return;
      plan.log.warn({ oracle: index, code, signal }, "an oracle ended; it is started again");
      const timer = setTimeout(() => {
        timers.delete(timer);
        start(index);
      }, RESTART_MS);
      timers.add(timer);
    });
  };
  for (let index = 0; index < plan.count; index++) start(index);

  return {
    pids: () => Array.from({ length: plan.count }, (_, index) => children[index]?.pid),
    close: async () => {
      closing = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(children.map(async (child) => child && ended(child)));
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  const hard = setTimeout(() => child.kill("SIGKILL"), STOP_WITHIN_MS);
  await over;
  clearTimeout(hard);
}

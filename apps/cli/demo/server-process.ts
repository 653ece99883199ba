import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TwinwardError, type ErrorCode } from "../../../protocol/errors.ts";

const TWINWARD = fileURLToPath(new URL("../twinward.mjs", import.meta.url));
const START_WITHIN_MS = 60_000;

export interface ServerProcess {
  readonly http: string;
  readonly mqtt: string;
  readonly rpc: string;
  close(): Promise<void>;
}

/**
 * Starts `twinward up` as a process of its own on free ports, which ends when we do; resolves when it has printed where it listens.
 * Throws what it says instead.
 */
export async function startServerProcess(data: string, ...options: string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [TWINWARD, "up", "--data", data, "--port", "0", "--json", ...options], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  try {
    return { ...(await readUrls(child)), close: () => endProcess(child) };
  } catch (error) {
    await endProcess(child);
    throw error;
  }
}

async function readUrls(child: ChildProcess): Promise<{ http: string; mqtt: string; rpc: string }> {
  return new Promise((resolve, reject) => {
    let said = "";
    const late = setTimeout(() => reject(new Error("The server did not start within a minute.")), START_WITHIN_MS);
    late.unref(); // it waits as long as the server does, and no longer
    child.once("exit", (code) => reject(new Error(`The server ended with ${code ?? "a signal"} before it was up.`)));
    child.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (!said.includes("\n}")) return;
      clearTimeout(late);
      child.removeAllListeners("exit");
      const told = JSON.parse(said) as { http: string; mqtt: string; rpc: string } | { error: ErrorCode };
      if (!("error" in told)) return resolve(told);
      const { error, ...facts } = told;
      reject(new TwinwardError(error, facts));
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await over;
}

/** Runs the command line once; its exit code and what it printed. */
export async function runCommand(words: readonly string[]): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [TWINWARD, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? 1)));
  return { code, output };
}

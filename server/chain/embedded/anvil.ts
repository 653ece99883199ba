import { spawn } from "node:child_process";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { TwinwardError } from "../../../protocol/errors.ts";

/** Blocks hold what a deployment needs at once; a transaction that burns it all takes the node a quarter of a second. */
export const BLOCK_GAS_LIMIT = 300_000_000;

const START_LIMIT_MS = 30_000;

/**
 * The shell becomes anvil, and leaves a watcher behind that waits on a pipe of ours: a line means "it has ended by itself",
 * the pipe's end means that we died, however we did; then anvil goes too.
 */
const WITH_WATCHER = '( read -r _ <&3 && exit; kill -9 $$ ) & exec "$@" 3<&-';

/** An error that the node answered with. */
export class NodeRefusal extends Error {
  override readonly name = "NodeRefusal";
  readonly code: number;
  readonly data: unknown;

  constructor(error: { code: number; message: string; data?: unknown }) {
    super(error.message);
    this.code = error.code;
    this.data = error.data;
  }
}

/** A running node of our own; nobody else is told how to reach it. */
export interface Anvil {
  /** Throws NodeRefusal with the node's error, CHAIN_ENDED when it has ended. */
  call(method: string, parameters: readonly unknown[]): Promise<unknown>;
  /** Resolves when the process has ended, with the last that it said. */
  readonly ended: Promise<string>;
  kill(): Promise<void>;
}

interface AnvilPlan {
  readonly directory: string;
  readonly chainId: number;
  readonly genesisSeconds: number;
  /** File with the state to begin with. */
  readonly state?: string;
}

/** Starts anvil without mining, reached through a Unix socket in `directory`; ends one that an earlier process left there. */
export async function startAnvil(plan: AnvilPlan): Promise<Anvil> {
  const left = join(plan.directory, "anvil.json");
  await endStale(left);
  await rm(join(plan.directory, "anvil.ipc"), { force: true });
  // A socket's name has 107 bytes at most: so it is given relative to the directory that anvil starts in.
  const words = ["--ipc", "anvil.ipc", "--port", "0", "--no-cors", "--accounts", "0", "--quiet"];
  words.push("--no-mining", "--order", "fifo", "--hardfork", "osaka", "--chain-id", String(plan.chainId));
  words.push("--block-base-fee-per-gas", "0", "--gas-price", "0", "--disable-min-priority-fee");
  words.push("--gas-limit", String(BLOCK_GAS_LIMIT), "--prune-history", "128");
  words.push("--timestamp", String(plan.genesisSeconds));
  if (plan.state !== undefined) words.push("--load-state", plan.state);

  const child = spawn("sh", ["-c", WITH_WATCHER, "sh", anvilBinary(), ...words], {
    cwd: plan.directory,
    // A session of its own: Ctrl-C at a terminal is for us, who then end it in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  let said = "";
  const listen = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-2_000));
  child.stdout?.on("data", listen);
  child.stderr?.on("data", listen);
  const pipe = child.stdio[3] as Socket;
  pipe.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", () => {
      // The watcher must not kill whoever gets this process number next.
      pipe.end("ended\n");
      resolve(said.trim());
    });
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
    await rm(left, { force: true });
  };
  try {
    if (child.pid !== undefined) {
      await writeFile(left, JSON.stringify({ pid: child.pid, started: await startOf(child.pid) }), { mode: 0o600 });
    }
    const call = await reach(plan.directory, ended);
    return { call, ended, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** `ANVIL` names another binary than the installed one. */
function anvilBinary(): string {
  if (process.env.ANVIL) return process.env.ANVIL;
  const name = `@foundry-rs/anvil-${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return join(dirname(manifest), "bin", "anvil");
  } catch (cause) {
    throw new TwinwardError(
      "CHAIN_UNAVAILABLE",
      { detail: `${name} is not installed; set ANVIL to the path of anvil, or give --rpc a node's URL.` },
      cause,
    );
  }
}

async function reach(directory: string, ended: Promise<string>): Promise<Anvil["call"]> {
  let over: string | undefined;
  void ended.then((said) => (over = said));
  const deadline = performance.now() + START_LIMIT_MS;
  for (;;) {
    if (over !== undefined) throw new TwinwardError("CHAIN_ENDED", { detail: `It said: ${over}` });
    try {
      return callsOver(await connectTo(directory), ended);
    } catch (error) {
      if (error instanceof TwinwardError) throw error;
      if (performance.now() > deadline) throw new TwinwardError("CHAIN_UNAVAILABLE", {}, error);
      await pause(5);
    }
  }
}

async function connectTo(directory: string): Promise<Socket> {
  const path = join(directory, "anvil.ipc");
  // The same limit on our side: reach a long path through the descriptor of its directory.
  if (Buffer.byteLength(path) < 100 || process.platform !== "linux") return dial(path);
  const handle = await open(directory, "r");
  try {
    return await dial(`/proc/self/fd/${handle.fd}/anvil.ipc`);
  } finally {
    await handle.close();
  }
}

function dial(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.off("error", reject);
      resolve(socket);
    });
    socket.once("error", reject);
  });
}

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { code: number; message: string; data?: unknown };
}

/** JSON-RPC over the socket: a line each way per call, answered in any order. */
function callsOver(socket: Socket, ended: Promise<string>): Anvil["call"] {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let over: TwinwardError | undefined;
  let number = 0;
  let parts: string[] = [];
  const fail = (said: string): void => {
    over ??= new TwinwardError("CHAIN_ENDED", said === "" ? {} : { detail: `It said: ${said}` });
    for (const call of waiting.values()) call.reject(over);
    waiting.clear();
    socket.destroy();
  };
  void ended.then(fail);
  socket.setEncoding("utf8");
  socket.on("error", (error) => fail(error.message));
  socket.on("close", () => fail(""));
  socket.on("data", (chunk: string) => {
    const lines = chunk.split("\n");
    parts.push(lines[0] ?? "");
    for (const next of lines.slice(1)) {
      const answer = JSON.parse(parts.join("")) as Answer;
      parts = [next];
      const call = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.error) call?.reject(new NodeRefusal(answer.error));
      else call?.resolve(answer.result);
    }
  });
  return (method, parameters) =>
    new Promise((resolve, reject) => {
      if (over) {
        reject(over);
        return;
      }
      const id = ++number;
      waiting.set(id, { resolve, reject });
      socket.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params: parameters })}\n`);
    });
}

/** Ends the anvil of an earlier process that died together with its watcher; it wrote nothing that we need. */
async function endStale(left: string): Promise<void> {
  try {
    const { pid, started } = JSON.parse(await readFile(left, "utf8")) as { pid: number; started: string | null };
    if (started !== null && (await startOf(pid)) === started) process.kill(pid, "SIGKILL");
  } catch {
    // No file, or no such process any more: nothing to end.
  }
  await rm(left, { force: true });
}

/** When a process started, in the kernel's ticks: with its number, its identity. Null where the system does not say. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

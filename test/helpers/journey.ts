// Real processes of the command line, as a user starts them, in a directory of their own.
import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { connect, type Client } from "../../apps/sdk/client.ts";

export const TWINWARD = fileURLToPath(new URL("../../apps/cli/twinward.mjs", import.meta.url));
export const MONITOR_MAP = fileURLToPath(new URL("../maps/monitor.json", import.meta.url));
export const MONITOR_MODEL = fileURLToPath(new URL("../../lab/models/monitor.json", import.meta.url));

const START_WITHIN_MS = 120_000;
const END_WITHIN_MS = 20_000;
const RUN_WITHIN_MS = 280_000;

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What a command printed and how it ended. */
export interface Ran extends Ended {
  readonly out: string;
  readonly err: string;
}

/** A process that goes on. */
export interface Going {
  readonly pid: number;
  readonly ended: Promise<Ran>;
  running(): boolean;
  out(): string;
  kill(signal: NodeJS.Signals): void;
  /** Ctrl-C at a terminal: SIGINT to it and to every process that it has not put into a group of its own. */
  interrupt(): void;
}

/** `twinward up`, listening. */
export interface Server extends Going {
  readonly data: string;
  readonly http: string;
  readonly mqtt: string;
  readonly rpc: string;
  readonly client: Client;
  /** Ends it with a signal and waits. */
  stop(signal?: NodeJS.Signals): Promise<Ran>;
}

type Environment = Readonly<Record<string, string>>;

/** One test file's directory and processes. `close` ends what still runs, and fails where something outlived its parent. */
export class Journey {
  readonly directory = mkdtempSync(join(tmpdir(), "twinward-journey-"));
  readonly #going = new Set<Going>();
  /** Everything that any process of this journey has printed. */
  said = "";

  path(...names: string[]): string {
    return join(this.directory, ...names);
  }

  /** Starts a command; its descendants are known by a mark in their environment. */
  start(words: readonly string[], environment: Environment = {}): Going {
    const child = spawn(process.execPath, [TWINWARD, ...words], {
      cwd: this.directory,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, as a shell gives it: an interrupt reaches it and its children, and not this test.
      detached: true,
      // ANVIL may be set for the tests' own nodes: beside RPC_URL it is refused.
      env: {
        ...process.env,
        ...(environment.RPC_URL === undefined ? {} : { ANVIL: undefined }),
        NODE_ENV: undefined,
        JOURNEY_OF_TEST: basename(this.directory),
        ...environment,
      },
    });
    const going = this.#follow(child);
    this.#going.add(going);
    void going.ended.then(() => this.#going.delete(going));
    return going;
  }

  #follow(child: ChildProcess): Going {
    let [out, err] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => void ((out += text), (this.said += text)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => void ((err += text), (this.said += text)));
    // "exit", not "close": a descendant may hold the pipes for a moment longer.
    const ended = new Promise<Ran>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => setImmediate(() => resolve({ code, signal, out, err })));
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    return {
      pid: child.pid ?? -1,
      ended: ended.then(async ({ code, signal }) => {
        await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
        return { code, signal, out, err };
      }),
      running: () => child.exitCode === null && child.signalCode === null,
      out: () => out,
      kill: (signal) => void child.kill(signal),
      interrupt: () => void (child.pid !== undefined && process.kill(-child.pid, "SIGINT")),
    };
  }

  /** Runs a command to its end. */
  async run(words: readonly string[], environment: Environment = {}): Promise<Ran> {
    const going = this.start(words, environment);
    const late = setTimeout(() => going.kill("SIGKILL"), RUN_WITHIN_MS);
    const ran = await going.ended;
    clearTimeout(late);
    return ran;
  }

  /** Runs a command that must succeed, with --json; what it printed. */
  async ask<T = Record<string, unknown>>(words: readonly string[], environment: Environment = {}): Promise<T> {
    const { code, out, err } = await this.run([...words, "--json"], environment);
    if (code !== 0) throw new Error(`twinward ${words.join(" ")} ended with ${code}: ${err}${out}`);
    return JSON.parse(out) as T;
  }

  /** Starts `up` on free ports, or on those of the environment; resolves when it has printed where it listens. */
  async up(data: string, environment: Environment = {}, words: readonly string[] = []): Promise<Server> {
    const port = environment.PORT === undefined ? ["--port", "0"] : [];
    const going = this.start(["up", "--data", data, ...port, "--json", ...words], environment);
    await until(
      "the server is up",
      async () => {
        if (going.out().includes('"rpc":')) return going.out().includes("\n}") || undefined;
        if (!going.running()) throw new Error(`up ended: ${JSON.stringify(await going.ended)}`);
        return undefined;
      },
      START_WITHIN_MS,
      () => this.said,
    );
    const urls = JSON.parse(going.out()) as { data: string; http: string; mqtt: string; rpc: string };
    return {
      ...going,
      ...urls,
      client: connect({ url: urls.http }),
      stop: async (signal = "SIGINT") => {
        going.kill(signal);
        const late = setTimeout(() => going.kill("SIGKILL"), END_WITHIN_MS);
        const ended = await going.ended;
        clearTimeout(late);
        return ended;
      },
    };
  }

  /** Command lines of every process of this journey that runs now. Linux only; elsewhere nothing is found. */
  processes(): { pid: number; command: string }[] {
    const mark = `JOURNEY_OF_TEST=${basename(this.directory)}`;
    return numbered("/proc").flatMap((pid) => {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
        if (!environment.includes(mark)) return [];
        return [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() }];
      } catch {
        return []; // it ended while we looked, or is another user's
      }
    });
  }

  /** Waits until nothing of this journey runs any more: whoever was killed has left no child behind. */
  async nothingRuns(): Promise<void> {
    await until(
      "every process of the journey has ended",
      async () => this.processes().length === 0 || undefined,
      END_WITHIN_MS,
      () => this.processes().map(({ pid, command }) => `${pid} ${command}`),
    );
  }

  async close(): Promise<void> {
    for (const going of this.#going) going.kill("SIGTERM");
    const late = setTimeout(() => this.#going.forEach((going) => going.kill("SIGKILL")), END_WITHIN_MS);
    await Promise.all([...this.#going].map(({ ended }) => ended));
    clearTimeout(late);
    try {
      await this.nothingRuns();
    } finally {
      for (const { pid } of this.processes()) process.kill(pid, "SIGKILL");
      rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}

/** For a journey: runs a command that must fail, and holds its exit code and what it says. */
export function failsIn(journey: Journey) {
  return async (words: string[], code: number, says: RegExp, environment: Environment = {}): Promise<Ran> => {
    const ran = await journey.run(words, environment);
    expect(ran.err, words.join(" ")).to.match(says);
    expect(ran.err).not.to.match(/^\s+at /m);
    expect(ran.code, words.join(" ")).to.equal(code);
    return ran;
  };
}

function numbered(directory: string): number[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Asks again until there is an answer. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  withinMs = 60_000,
  facts: () => unknown = () => "",
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline)
      throw new Error(`It did not happen within ${withinMs} ms that ${what}. ${JSON.stringify(facts())}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ports that were free a moment ago: for processes that are started again on the same ones. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** The three ports of `up` as its environment. */
export async function portsOf(): Promise<{ PORT: string; MQTT_PORT: string; RPC_PORT: string }> {
  const [http, mqtt, rpc] = (await freePorts(3)) as [number, number, number];
  return { PORT: String(http), MQTT_PORT: String(mqtt), RPC_PORT: String(rpc) };
}

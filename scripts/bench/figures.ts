/** All figures of README.md in one run: the other benches, a start, the demo's verdict. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  figuresTable,
  withTable,
  type DecideFigures,
  type Gas,
  type IngestFigures,
  type MeasuredFigures,
  type ReadFigures,
} from "./parts/figures-table.ts";
import { machineSeconds } from "./parts/process-use.ts";
import { rounded } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench figures [options]

Everything that README.md tells in figures, measured in one run of some ten minutes: let the machine do nothing else

  --readings N   readings of the ingest bench, per database (40000)
  --hours N      hours of the read bench, per database (100)
  --write        puts the table into README.md, the plots and figures.json into docs/performance
  --json         the figures as one JSON value instead of a table`;

const words = readWords(HELP, { readings: 40_000, hours: 100, write: false, json: false });
const root = fileURLToPath(new URL("../../", import.meta.url));
const CLI = join(root, "apps/cli/twinward.mjs");
const TIMES = ["p50", "p99", "p999"] as const;
const INGEST = [
  ...(["database", "readings", "perSecond", "bare", "ratio", "cpuRatio"] as const),
  ...(["growth", "bytesPerReading", "memory"] as const),
] as const;
const GIVE_UP_MS = 120_000;

const figures = await measure();
const gas = JSON.parse(readFileSync(join(root, "test/contracts/gas/snapshot.json"), "utf8")) as Gas;
const table = figuresTable(figures, gas);
if (words.write) {
  writeFileSync(join(root, "docs/performance/figures.json"), `${JSON.stringify(figures, null, 2)}\n`);
  const readme = join(root, "README.md");
  writeFileSync(readme, withTable(readFileSync(readme, "utf8"), table));
}
console.log(words.json ? JSON.stringify(figures) : table);

async function measure(): Promise<MeasuredFigures> {
  const plots = words.write ? ["--plot", join(root, "docs/performance")] : [];
  const processor = cpus()[0]?.model.trim() ?? "unknown processor";
  const others = await idleShare();
  const startSeconds = await measureStart();
  const verdict = await measureVerdict();
  const { ingest, anchor, read, decide } = {
    ingest: await bench<(IngestFigures | Absent)[]>("ingest", ["--readings", String(words.readings), ...plots]),
    anchor: await bench<MeasuredFigures["anchor"]>("anchor", []),
    read: await bench<(ReadFigures | Absent)[]>("read", ["--hours", String(words.hours), ...plots]),
    decide: await bench<{ rule: DecideFigures["rule"]; door: (DecideFigures["door"][number] | Absent)[] }>(
      "decide",
      [],
    ),
  };
  return {
    machine: `${cpus().length} × ${processor}, Node ${process.versions.node}`,
    day: new Date().toISOString().slice(0, 10),
    others,
    startSeconds,
    ...verdict,
    ingest: ingest.filter(isPresent).map((one) => ({ ...pick(one, INGEST), latency: pick(one.latency, TIMES) })),
    anchor: pick(anchor, ["leaves", "sealMs", "proofsPerSecond", "bare"]),
    read: read.filter(isPresent).map((one) => ({
      ...pick(one, ["database", "perRead", "bare"]),
      plain: pick(one.plain, TIMES),
      receipts: pick(one.receipts, TIMES),
      verify: pick(one.verify, ["p50"]),
    })),
    decide: {
      rule: decide.rule,
      door: decide.door.filter(isPresent).map((one) => ({
        ...pick(one, ["database", "perSecond", "ratio"]),
        latency: pick(one.latency, ["p50", "p99"]),
      })),
    },
  };
}

/** What is kept of a bench's answer, which tells more. */
function pick<T extends object, K extends keyof T>(one: T, names: readonly K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, one[name]])) as Pick<T, K>;
}

interface Absent {
  readonly absent: string;
}

function isPresent<T extends object>(one: T | Absent): one is Exclude<T, Absent> {
  return !("absent" in one);
}

/** How busy others keep the cores while we do nothing. */
async function idleShare(): Promise<number> {
  const before = machineSeconds();
  await pause(3_000);
  const now = machineSeconds();
  return rounded((now.busy - before.busy) / (now.all - before.all), 2);
}

function bench<T>(name: string, options: readonly string[]): Promise<T> {
  say(`bench ${name} …`);
  return run([fileURLToPath(new URL(`${name}.ts`, import.meta.url)), ...options, "--json"]).then(
    (out) => JSON.parse(out) as T,
  );
}

/** From the start of the process, without data, to an anchor that the server lists. */
async function measureStart(): Promise<number> {
  say("a start without data …");
  const directory = mkdtempSync(join(tmpdir(), "twinward-bench-"));
  const began = performance.now();
  const data = join(directory, "data");
  const child = spawn(process.execPath, [CLI, "up", "--demo", "--port", "0", "--data", data, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    let out = "";
    child.stdout.on("data", (text: Buffer) => void (out += text.toString()));
    for (;;) {
      const url = /"http": "([^"]+)"/.exec(out)?.[1];
      const answer = url === undefined ? undefined : await fetch(new URL("/v1/anchors", url)).catch(() => undefined);
      const { anchors = [] } = ((await answer?.json()) ?? {}) as { anchors?: unknown[] };
      if (anchors.length > 0) return rounded((performance.now() - began) / 1_000, 1);
      if (child.exitCode !== null || performance.now() - began > GIVE_UP_MS) throw new Error(`no anchor came: ${out}`);
      await pause(50);
    }
  } finally {
    child.kill("SIGINT");
    await ended;
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Seconds from the beginning of the false data, and from the reading that decided the verdict. */
async function measureVerdict(): Promise<{ verdictSeconds: number; decidedSeconds: number }> {
  say("the demo …");
  const data = mkdtempSync(join(tmpdir(), "twinward-bench-"));
  try {
    const told = await run([CLI, "demo", "--data", data]);
    const [verdict, decided] = [
      /on chain after ([\d.]+) s: quarantine/,
      /([\d.]+) s after the reading that decided it/,
    ].map((line) => line.exec(told)?.[1]);
    if (verdict === undefined || decided === undefined) throw new Error("the demo told of no verdict");
    return { verdictSeconds: Number(verdict), decidedSeconds: Number(decided) };
  } finally {
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A program's output. What it says meanwhile goes to the terminal. */
function run(command: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "inherit"] });
    let out = "";
    child.stdout.on("data", (text: Buffer) => void (out += text.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command.join(" ")} ended with ${code}`));
    });
  });
}

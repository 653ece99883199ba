/** Trains four models on every engine, and on PyTorch where it is installed: how fast each is, beside it. */
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ENGINE_NAMES } from "../../ml/engines/engine.ts";
import { listEngines } from "../../ml/engines/load.ts";
import type { EngineFigures } from "./parts/train-engine.ts";
import { BATCH, SIGNALS, STEPS, WORKLOADS } from "./parts/workloads.ts";

const HELP = `Usage: twinward bench train [options], or node scripts/bench/train.ts [options]

Milliseconds per training step (${BATCH} windows of ${STEPS} steps of ${SIGNALS} signals, float32, one thread): forward, backward, Adam.

  --engine NAME     one engine alone: ${ENGINE_NAMES.join(", ")}
  --seconds N       how long each model trains, at least three steps (2)
  --rounds N        how often all is measured; the best counts (2)
  --json            one JSON value instead of tables

Each engine runs in a process of its own, one after the other; times are CPU of the thread that computes, in the
fastest tenth of blocks of runs, so that others on the machine count little. PyTorch is measured
by python3 where that has it (Debian: python3-torch, with libopenblas0-pthread; without a fast BLAS it is many times slower).`;

/** The aim: no slower than this times PyTorch, over all four. */
const AIM = 1.2;
const PARTS = fileURLToPath(new URL("./parts/", import.meta.url));

interface TrainFigures {
  engines: Record<string, EngineFigures>;
  absent: Record<string, string>;
  torch: { version: string; steps: Record<string, number> } | null;
  /** Each engine's time ÷ PyTorch's: the geometric mean of the four. */
  ratios: Record<string, number> | null;
}

const words = readWords();
if (words.help) console.log(HELP);
else {
  const figures = await measure(words);
  console.log(words.json ? JSON.stringify(figures, null, 2) : tables(figures));
}

function readWords() {
  try {
    const { values } = parseArgs({
      options: {
        engine: { type: "string" },
        seconds: { type: "string", default: "2" },
        rounds: { type: "string", default: "2" },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const isNumber = [values.seconds, values.rounds].every((text) => Number(text) > 0);
    if (!isNumber) throw new Error("--seconds and --rounds are numbers above 0");
    if (values.engine !== undefined && !ENGINE_NAMES.some((name) => name === values.engine))
      throw new Error(`there is no engine ${values.engine}`);
    return values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    process.exit(2);
  }
}

async function measure({ engine, seconds, rounds }: ReturnType<typeof readWords>): Promise<TrainFigures> {
  const states = (await listEngines()).filter((state) => engine === undefined || state.engine === engine);
  const figures: TrainFigures = { engines: {}, absent: {}, torch: null, ratios: null };
  for (const state of states) if (!state.isReady) figures.absent[state.engine] = state.install;
  if (engine !== undefined && figures.absent[engine] !== undefined) {
    console.error(`ENGINE_MISSING: ${engine} does not load here\n  What to do: ${figures.absent[engine]}`);
    process.exit(1);
  }
  const python = findTorch();
  for (let round = 0; round < Number(rounds); round++) {
    for (const state of states.filter(({ isReady }) => isReady)) {
      console.error(`${state.engine}, round ${round + 1} of ${rounds} …`);
      const measured = await run<EngineFigures>(process.execPath, `${PARTS}train-engine.ts`, state.engine, seconds);
      figures.engines[state.engine] = better(figures.engines[state.engine], measured);
    }
    if (python === undefined) continue;
    console.error(`PyTorch, round ${round + 1} of ${rounds} …`);
    const measured = await run<NonNullable<TrainFigures["torch"]>>(python, `${PARTS}train-torch.py`, seconds);
    figures.torch = { version: measured.version, steps: least(figures.torch?.steps, measured.steps) };
  }
  const { torch } = figures;
  if (torch)
    figures.ratios = Object.fromEntries(
      Object.entries(figures.engines).map(([name, { steps }]) => [name, ratioOf(steps, torch.steps)]),
    );
  return figures;
}

/** The python3 that has PyTorch: the first on the path, or Debian's. */
function findTorch(): string | undefined {
  const hasTorch = (python: string): boolean => spawnSync(python, ["-c", "import torch"]).status === 0;
  return ["python3", "/usr/bin/python3"].find(hasTorch);
}

function run<T>(command: string, ...words: string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"], env });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(JSON.parse(said) as T) : reject(new Error(`${words[0]} ended with ${code}`)),
    );
  });
}

function least(a: Record<string, number> | undefined, b: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(b).map(([name, ms]) => [name, Math.min(ms, a?.[name] ?? Infinity)]));
}

function better(a: EngineFigures | undefined, b: EngineFigures): EngineFigures {
  const windows = Object.entries(b.windows).map(([name, { ms, perSecond }]) => {
    const before = a?.windows[name];
    return [
      name,
      { ms: Math.min(ms, before?.ms ?? ms), perSecond: Math.max(perSecond, before?.perSecond ?? 0) },
    ] as const;
  });
  const memory = Math.max(b.memory, a?.memory ?? 0);
  return { version: b.version, steps: least(a?.steps, b.steps), windows: Object.fromEntries(windows), memory };
}

function ratioOf(ours: Record<string, number>, theirs: Record<string, number>): number {
  const logs = WORKLOADS.map(({ name }) => Math.log((ours[name] ?? NaN) / (theirs[name] ?? NaN)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

function tables({ engines, absent, torch, ratios }: TrainFigures): string {
  const names = Object.keys(engines);
  const ms = (value: number | undefined): string => (value === undefined ? "–" : value.toPrecision(3));
  const rows = WORKLOADS.map(({ name }) => [
    name,
    ...names.map((engine) => ms(engines[engine]?.steps[name])),
    ...(torch ? [ms(torch.steps[name])] : []),
  ]);
  const windows = WORKLOADS.map(({ name }) => [
    name,
    ...names.map((engine) => ms(engines[engine]?.windows[name]?.ms)),
    ...names.map((engine) => Math.round(engines[engine]?.windows[name]?.perSecond ?? NaN).toString()),
  ]);
  const lines = [
    "Training, ms per step",
    ...table(["", ...names, ...(torch ? ["PyTorch"] : [])], rows),
    ...(ratios
      ? names.map(
          (engine) => `${engine}: ${ratios[engine]?.toFixed(2)} × PyTorch ${torch?.version} (aim for onnx: ${AIM})`,
        )
      : ["PyTorch is not installed here (Debian: apt-get install python3-torch libopenblas0-pthread): not compared"]),
    "",
    "Inference: ms of one window; windows per second in batches",
    ...table(["", ...names, ...names.map((engine) => `${engine}/s`)], windows),
    "",
    ...names.map((engine) => `${engines[engine]?.version}: at most ${Math.round(engines[engine]?.memory ?? 0)} MB`),
    ...Object.entries(absent).map(([engine, install]) => `${engine} is missing: ${install}`),
  ];
  return lines.join("\n");
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}

/** How many readings a second are accepted, and what that costs: beside what the machine's cores verify bare, in one run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { drawLines } from "../../apps/cli/draw-lines.ts";
import { drawFlames } from "./parts/draw-flame.ts";
import { databasesOf, openWard, type DatabaseKind, type Ward } from "./parts/open-ward.ts";
import { startMachine, type Machine } from "./parts/machine-rate.ts";
import { machineSeconds } from "./parts/process-use.ts";
import { quantile, rounded, spread, type Spread } from "./parts/quantile.ts";
import { readWords, say } from "./parts/read-words.ts";

const HELP = `Usage: twinward bench ingest [options]

How many readings a second become durable and acked

  --database NAME     pglite, postgres or both (both); PostgreSQL is Debian's, started for this
  --readings N        readings in all, from an empty database on (100000)
  --long              the same as --readings 1000000
  --step N            readings between two measurements of the machine's own rate (5000)
  --devices N         devices that send at once, each in its order (16)
  --per-request N     readings of each request (64)
  --latency-seconds N how long half the measured load is kept up for the latency (20), after 2 s of it
  --plot DIRECTORY    writes the ratio as the store grows into it: ingest.svg, and growth.svg if --long
  --cpu-prof DIR      the server writes a CPU profile there, drawn as a flame graph beside it
  --json              one JSON value instead of a table

Each reading has 8 segments of 10 samples and was signed before the clock starts. Between the steps every core verifies bare
ES256 signatures, and a step is held against the mean of the two rates around it. Two ratios are given: by the clock (the load
generator and whatever else runs take their share of the cores) and by CPU seconds of the server, its chain and database.`;

const words = readWords(HELP, {
  database: "both",
  readings: 100_000,
  long: false,
  step: 5_000,
  devices: 16,
  "per-request": 64,
  "latency-seconds": 20,
  plot: "",
  "cpu-prof": "",
  json: false,
});

const databases = databasesOf(words.database);
const SETTLE_SECONDS = 2;

/** A stretch of readings sent as fast as they were answered. */
interface Step {
  /** Readings stored before it. */
  readonly stored: number;
  readonly perSecond: number;
  readonly bare: number;
  /** perSecond ÷ bare, by the clock. */
  readonly ratio: number;
  /** The same by CPU seconds: of the server with its chain and database, and of the bare verification. */
  readonly cpuRatio: number;
  /** CPU per reading: of the server with its chain and database, and of the load generator. */
  readonly serverCpuMs: number;
  readonly loadCpuMs: number;
  /** Share of the machine's cores that was busy with neither the server nor the load. */
  readonly others: number;
}

interface Figures {
  readonly database: DatabaseKind;
  readonly readings: number;
  readonly steps: readonly Step[];
  /** Medians over the steps. */
  readonly perSecond: number;
  readonly bare: number;
  readonly ratio: number;
  readonly cpuRatio: number;
  readonly serverCpuMs: number;
  readonly loadCpuMs: number;
  readonly others: number;
  /** cpuRatio of the last fifth of the steps, over that of the first fifth: 1 is flat. */
  readonly growth: number;
  readonly latency: Spread & { readonly perSecond: number };
  readonly memory: { readonly now: number; readonly most: number };
  readonly bytesPerReading: number;
}

const figures: (Figures | { readonly database: DatabaseKind; readonly absent: string })[] = [];
const machine = startMachine();
try {
  for (const database of databases) figures.push(await measure(database, machine));
} finally {
  await machine.close();
}
if (words["cpu-prof"] !== "") drawFlames(words["cpu-prof"], "bench ingest").forEach(say);
if (words.plot !== "") writePlot(words.plot, figures.filter(isMeasured));
console.log(words.json ? JSON.stringify(figures) : figures.map(table).join("\n\n"));

async function measure(database: DatabaseKind, machine: Machine): Promise<(typeof figures)[number]> {
  const readings = words.long ? 1_000_000 : words.readings;
  const step = Math.min(words.step, readings);
  const spare = 2 * words.devices * words["per-request"];
  const profile = words["cpu-prof"];
  say(`${database}: starting a server with ${words.devices} devices`);
  const ward = await openWard({
    database,
    devices: words.devices,
    perRequest: words["per-request"],
    periodMs: 10_000,
    readingsPerDevice: Math.ceil((1.5 * readings) / words.devices),
    ...(profile === "" ? {} : { node: ["--cpu-prof", `--cpu-prof-dir=${profile}`] }),
  });
  if ("absent" in ward) return { database, absent: ward.absent };
  try {
    // The first requests find nothing compiled; they are not of the figure.
    await ward.sign(spare);
    await ward.send(spare);
    const steps: Step[] = [];
    for (let stored = 0; stored < readings; stored += step) {
      await ward.sign(step);
      const before = await machine.rate();
      const taken = await takeStep(ward, step);
      const after = await machine.rate();
      const perSecond = (before.perSecond + after.perSecond) / 2;
      const perCpuSecond = (before.perCpuSecond + after.perCpuSecond) / 2;
      steps.push({
        stored,
        perSecond: Math.round(taken.perSecond),
        bare: Math.round(perSecond),
        ratio: rounded(taken.perSecond / perSecond, 3),
        cpuRatio: rounded(step / taken.serverCpu / perCpuSecond, 3),
        serverCpuMs: rounded((1000 * taken.serverCpu) / step, 3),
        loadCpuMs: rounded((1000 * taken.loadCpu) / step, 3),
        others: rounded(taken.others, 2),
      });
      say(
        `${database}: ${stored + step} readings, ${steps.at(-1)?.perSecond}/s, ratio ${steps.at(-1)?.ratio}, by CPU ${steps.at(-1)?.cpuRatio}`,
      );
    }
    const memory = ward.memory();
    const usual = middle(steps, "perSecond");
    say(`${database}: ${words["latency-seconds"]} s at half the load`);
    const half = usual / 2;
    const count = Math.ceil(half * words["latency-seconds"]);
    const first = Math.ceil(half * SETTLE_SECONDS);
    await ward.sign(first + count + spare);
    // Signing has left the server idle: how it wakes up is not how it stands this load.
    await ward.settle();
    await ward.send(first, half);
    const { times } = await ward.send(count, half);
    const disk = await ward.measureDisk();
    const fifth = Math.max(1, Math.floor(steps.length / 5));
    return {
      database,
      readings,
      steps,
      perSecond: usual,
      bare: middle(steps, "bare"),
      ratio: middle(steps, "ratio"),
      cpuRatio: middle(steps, "cpuRatio"),
      serverCpuMs: middle(steps, "serverCpuMs"),
      loadCpuMs: middle(steps, "loadCpuMs"),
      others: middle(steps, "others"),
      growth: rounded(middle(steps.slice(-fifth), "cpuRatio") / middle(steps.slice(0, fifth), "cpuRatio"), 2),
      latency: { perSecond: Math.round(half), ...spread(times) },
      memory,
      bytesPerReading: Math.round(disk.bytes / disk.readings),
    };
  } finally {
    await ward.close();
  }
}

async function takeStep(ward: Ward, readings: number) {
  const [machine, used] = [machineSeconds(), ward.cpu()];
  const sent = await ward.send(readings);
  const now = machineSeconds();
  const serverCpu = ward.cpu() - used;
  const others = (now.busy - machine.busy - serverCpu - sent.cpuSeconds) / (now.all - machine.all);
  return { perSecond: sent.acked / sent.seconds, serverCpu, loadCpu: sent.cpuSeconds, others: Math.max(0, others) };
}

function middle(steps: readonly Step[], name: keyof Step): number {
  return quantile(
    steps.map((step) => step[name]),
    0.5,
  );
}

function isMeasured(figures: object): figures is Figures {
  return "steps" in figures;
}

function table(one: (typeof figures)[number]): string {
  if ("absent" in one) return `${one.database}: not measured, ${one.absent}`;
  const { latency, memory } = one;
  const rows: [string, string][] = [
    [`${one.database}, ${one.readings} readings`, ""],
    ["accepted, durable and acked", `${one.perSecond} readings/s`],
    ["bare ES256 on the same cores", `${one.bare} /s`],
    ["ratio by the clock, load generator and others included", String(one.ratio)],
    ["ratio by CPU seconds of server, chain and database", String(one.cpuRatio)],
    ["CPU per reading: server side; load generator", `${one.serverCpuMs} ms; ${one.loadCpuMs} ms`],
    ["the machine's cores busy with others' work meanwhile", `${Math.round(100 * one.others)} %`],
    ["last fifth ÷ first fifth of the readings, by CPU", String(one.growth)],
    [
      `ack at ${latency.perSecond} readings/s: p50, p99, p99.9, most`,
      `${latency.p50}, ${latency.p99}, ${latency.p999}, ${latency.most} ms of ${latency.count} requests`,
    ],
    ["memory of the server: at the end; at most", `${megabytes(memory.now)}; ${megabytes(memory.most)}`],
    ["on disk, with indexes", `${one.bytesPerReading} bytes per reading`],
  ];
  return rows.map(([what, figure]) => `${what.padEnd(58)}${figure}`.trimEnd()).join("\n");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}

function writePlot(directory: string, measured: readonly Figures[]): void {
  mkdirSync(directory, { recursive: true });
  const lines = measured.map(({ database, steps }) => ({
    name: database,
    points: steps.map(({ stored, cpuRatio }) => [stored, cpuRatio] as const),
  }));
  const chart = drawLines({
    title: "Readings accepted ÷ bare ES256 verifications, by CPU seconds, as the store grows",
    x: "readings stored",
    y: "ratio",
    mark: ["to reach: 0.25", 0.25],
    lines,
  });
  writeFileSync(join(directory, words.long ? "growth.svg" : "ingest.svg"), chart);
}

import type { Numbers } from "../../engines/engine.ts";
import type { EngineThread } from "../../engines/thread.ts";
import type { Architecture } from "../../layers/architecture.ts";
import { buildInference } from "../../layers/build-model.ts";
import type { Network } from "../../model/pack-model.ts";
import type { Examples } from "../../train/examples.ts";
import { parsePlan, type TrainingPlan } from "../../train/plan.ts";

const UNITS = 32;
const LEAST_UNITS = 2;
const MOST_NARROW = 16;

/**
 * A small LSTM that expects the next row of the rows before it; added to a straight line from the row before. Where rows have no
 * order its window is the row alone, which it has to give back through fewer units than there are signals.
 */
export function forecastArchitecture(signals: number, window: number): Architecture {
  if (window === 0) {
    const units = Math.max(LEAST_UNITS, Math.min(MOST_NARROW, Math.floor(signals / 3)));
    return {
      inputs: { x: [1, signals] },
      layers: [
        { kind: "lstm", name: "memory", of: "x", units, gives: "last" },
        { kind: "dense", name: "forecast", of: "memory", units: signals, activation: "linear" },
      ],
      outputs: ["forecast"],
    };
  }
  return {
    inputs: { x: [window, signals], last: [signals] },
    layers: [
      { kind: "lstm", name: "memory", of: "x", units: UNITS, gives: "last" },
      { kind: "dense", name: "from memory", of: "memory", units: signals, activation: "linear" },
      { kind: "dense", name: "from last", of: "last", units: signals, activation: "linear" },
      { kind: "add", name: "forecast", of: ["from memory", "from last"] },
    ],
    outputs: ["forecast"],
  };
}

const EPOCHS = 12;
const PATIENCE = 2;
const LATER_SHARE = 0.15;

export function forecastPlan(signals: number, window: number, seed: string): TrainingPlan {
  return parsePlan({
    architecture: forecastArchitecture(signals, window),
    losses: [{ kind: "squared", of: "forecast", target: "target", weight: 1 }],
    seed,
    batch: 128,
    epochs: EPOCHS,
    rate: { most: 0.004, warmup: 20, shape: "cosine", end: 0.05 },
    clip: 1,
    later: { share: LATER_SHARE, gap: window, patience: PATIENCE },
  });
}

/** Examples of rows as they were seen, in their order; the numbers are shared with the thread that trains. */
export function toExamples(seen: readonly Float32Array[], targets: readonly Float32Array[], window: number): Examples {
  const count = targets.length;
  const signals = targets[0]!.length;
  const x = { values: join(seen), size: seen[0]!.length };
  const target = { values: join(targets), size: signals };
  if (window === 0) return { count, columns: { x, target } };
  const starts = Uint32Array.from({ length: count }, (_, n) => (n + 1) * x.size - signals);
  return { count, columns: { x, target, last: { values: x.values, size: signals, starts } } };
}

function join(rows: readonly Float32Array[]): Float32Array {
  const size = rows[0]!.length;
  const all = new Float32Array(new SharedArrayBuffer(4 * size * rows.length));
  rows.forEach((row, n) => all.set(row, n * size));
  return all;
}

/** Forecasts for rows as they were seen, computed in a thread. */
export interface Forecaster {
  readonly engine: string;
  forecast(seen: readonly Float32Array[]): Promise<Numbers[]>;
}

const BATCH = 256;

/** A network that was trained, ready on its engine. @throws what `loadEngine` throws */
export async function openForecaster(
  { architecture, parameters }: Network,
  thread: Pick<EngineThread, "version" | "compile">,
): Promise<Forecaster> {
  const [, signals] = architecture.inputs.x as [number, number];
  // One at a time for streams, many for files: a graph has a fixed batch.
  const [single, many] = await Promise.all(
    [1, BATCH].map((batch) => thread.compile(buildInference(architecture, batch), parameters, { frozen: true })),
  );
  return {
    engine: thread.version,
    async forecast(seen) {
      const forecasts: Numbers[] = [];
      for (let from = 0; from < seen.length; from += BATCH) {
        const rows = seen.slice(from, from + BATCH);
        const batch = rows.length === 1 ? 1 : BATCH;
        const x = new Float32Array(batch * rows[0]!.length);
        rows.forEach((row, n) => x.set(row, n * row.length));
        const last = new Float32Array(batch * signals);
        rows.forEach((row, n) => last.set(row.subarray(row.length - signals), n * signals));
        const inputs = "last" in architecture.inputs ? { x, last } : { x };
        const { forecast } = await (batch === 1 ? single! : many!).run(inputs);
        rows.forEach((_, n) => forecasts.push(forecast!.slice(n * signals, (n + 1) * signals)));
      }
      return forecasts;
    },
  };
}

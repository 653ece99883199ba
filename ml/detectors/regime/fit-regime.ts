/** Learns a regime from clean rows. */
import type { Engine } from "../../engines/engine.ts";
import type { Architecture } from "../../layers/architecture.ts";
import { eigenSymmetric } from "../../linear.ts";
import { train } from "../../train/train.ts";
import type { TrainingProgress } from "../../train/train.ts";
import { offOf, widthOf, writeRegime, type Regime, type Scale } from "./regime.ts";
import type { Row, Seen } from "./rows.ts";

export interface RegimePlan {
  readonly seen: Seen;
  readonly engine: Engine;
  readonly seed: string;
  readonly epochs: number;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

/** Rows that are looked back on, and the sizes of the network. */
const STEPS = 8;
const UNITS = 16;
const HEADS = 2;
/** A relation holds where the levels of clean rows vary by less than this share of one signal's variance. */
const HOLDS = 0.05;
/** The network is not asked about what is wilder than this, in spreads of a signal. */
const MOST_TARGET = 5;
const BATCH = 1_024;

const round = (value: number): number => Number(value.toPrecision(9));

/** An LSTM with self-attention over the last rows, a sparse code of what they are about, and how far off relations then are. */
function architectureOf(width: number, relations: number): Architecture {
  return {
    inputs: { past: [STEPS, width] },
    layers: [
      { kind: "dense", name: "entry", of: "past", units: UNITS, activation: "tanh" },
      { kind: "lstm", name: "memory", of: "entry", units: UNITS, gives: "sequence" },
      { kind: "attention", name: "look", of: "memory", heads: HEADS },
      { kind: "add", name: "both", of: ["memory", "look"] },
      { kind: "normalise", name: "even", of: "both" },
      { kind: "flatten", name: "steps", of: "even" },
      { kind: "dense", name: "code", of: "steps", units: UNITS, activation: "relu" },
      { kind: "dense", name: "usual", of: "code", units: relations, activation: "linear" },
    ],
    outputs: ["usual"],
  };
}

/**
 * Learns from runs of clean rows. Deterministic for one engine.
 *
 * @throws RangeError where no relation holds, or too few rows are whole
 */
export async function fitRegime(runs: readonly (readonly Row[])[], plan: RegimePlan): Promise<Regime> {
  const { seen, engine, seed, epochs } = plan;
  const rows = runs.flat();
  const levels = scalesOf(rows, "level", seen.signals.length);
  const motions = scalesOf(rows, "motion", 2 * seen.signals.length);
  const whole = rows.filter(({ level }) => !level.includes(NaN));
  const relations = findRelations(whole, levels).map((weights) => ({
    weights,
    least: round(medianOf(whole.map((row) => offOf(levels, weights, row)))),
  }));
  if (relations.length === 0) throw new RangeError("no relation between the signals holds in these rows");

  const width = widthOf(seen);
  const past = new Float32Array((rows.length + runs.length * (STEPS - 1)) * width);
  const starts: number[] = [];
  const targets: number[] = [];
  let at = 0;
  for (const run of runs)
    for (const [n, row] of run.entries()) {
      // Before its beginning, the first row stands again.
      for (let again = n === 0 ? STEPS : 1; again > 0; again--, at += width)
        writeRegime({ seen, motions }, row, past, at);
      const off = relations.map(({ weights }) => offOf(levels, weights, row));
      if (off.some(Number.isNaN)) continue;
      starts.push(at - STEPS * width);
      targets.push(...off.map((value) => Math.min(value, MOST_TARGET)));
    }
  const architecture = architectureOf(width, relations.length);
  const { parameters } = await train({
    engine,
    plan: {
      architecture,
      losses: [
        { kind: "squared", of: "usual", target: "off", weight: 1 },
        { kind: "sparse", of: "code", weight: 1e-3 },
      ],
      seed,
      batch: BATCH,
      epochs,
      rate: { most: 4e-3, warmup: 100, shape: "cosine", end: 0.02 },
      clip: 1,
      later: null,
    },
    examples: {
      count: starts.length,
      columns: {
        past: { values: past, size: STEPS * width, starts: Uint32Array.from(starts) },
        off: { values: Float32Array.from(targets), size: relations.length },
      },
    },
    ...(plan.onProgress && { onProgress: plan.onProgress }),
  });
  return { seen, levels, motions, relations, steps: STEPS, network: { architecture, parameters } };
}

function scalesOf(rows: readonly Row[], group: "level" | "motion", count: number): Scale[] {
  return Array.from({ length: count }, (_, n) => {
    const known = rows.map((row) => row[group][n]!).filter((value) => !Number.isNaN(value));
    const offset = known.reduce((sum, value) => sum + value, 0) / Math.max(known.length, 1);
    const squares = known.reduce((sum, value) => sum + (value - offset) * (value - offset), 0);
    const scale = Math.sqrt(squares / Math.max(known.length, 1));
    return { offset: round(offset), scale: scale > 1e-6 ? round(scale) : 1 };
  });
}

/** Directions in which scaled levels hardly vary, the steadiest first. */
function findRelations(whole: readonly Row[], levels: readonly Scale[]): number[][] {
  const size = levels.length;
  if (whole.length <= size) throw new RangeError(`${whole.length} whole rows cannot show how ${size} signals vary`);
  const covariance = new Float64Array(size * size);
  for (const { level } of whole) {
    const scaled = levels.map(({ offset, scale }, n) => (level[n]! - offset) / scale);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) covariance[i * size + j]! += scaled[i]! * scaled[j]!;
  }
  const { values, vectors } = eigenSymmetric(
    covariance.map((sum) => sum / whole.length),
    size,
  );
  return [...vectors.keys()]
    .filter((n) => values[n]! < HOLDS)
    .reverse()
    .map((n) => Array.from(vectors[n]!, round));
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(sorted[sorted.length >> 1] ?? 0, 1e-6);
}

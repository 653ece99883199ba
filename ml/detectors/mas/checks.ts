import { isRising } from "../../data/order.ts";

/** What a clean row never did, by signal. */
export interface Checks {
  /** Least and greatest value, and what is a usual distance between two of them. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly unit: readonly number[];
  /** The few values that a signal takes, rising; null where it takes many. */
  readonly values: readonly (readonly number[] | null)[];
  /** The longest step, the longest standstill and the longest copy of a former stretch, in rows; null where rows have no order. */
  readonly past: {
    readonly step: readonly number[];
    readonly still: readonly number[];
    readonly copied: readonly number[];
  } | null;
}

/** What a row says for itself and against the rows before it, before anything is held against limits. */
export interface Traces {
  readonly step: Float64Array;
  readonly still: Float64Array;
  readonly copied: Float64Array;
}

/** The kinds of checks, in the order of `excesses`. */
export const CHECKS = ["range", "step", "standstill", "replay"] as const;

const MOST_VALUES = 12;
/** How far back a copied stretch is looked for. */
export const LAGS = 128;
const LEAST_LAG = 4;
/** No check says more than this. */
const MOST_EXCESS = 50;
/** A signal that is more often at rest than this has no longest standstill. */
const MOST_RESTING = 0.1;
const UNCHECKED = 1e9;

/**
 * Follows one stretch: by signal the step from the row before, for how many rows it has stood still, and over how many moving
 * rows it has repeated what it did some rows ago. What is kept: one row, and `LAGS` rows with as many counts.
 */
export function followPast(signals: number): (row: Float64Array) => Traces {
  const ring = Array.from({ length: signals }, () => new Float64Array(LAGS).fill(NaN));
  const runs = Array.from({ length: signals }, () => new Uint32Array(LAGS));
  const last = new Float64Array(signals).fill(NaN);
  const standing = new Float64Array(signals);
  let at = 0;
  return (row) => {
    const traces = {
      step: new Float64Array(signals),
      still: new Float64Array(signals),
      copied: new Float64Array(signals),
    };
    for (let n = 0; n < signals; n++) {
      const value = row[n]!;
      const before = last[n]!;
      const moves = value !== before && !Number.isNaN(value) && !Number.isNaN(before);
      standing[n] = value === before ? standing[n]! + 1 : 0;
      traces.step[n] = moves ? Math.abs(value - before) : 0;
      traces.still[n] = standing[n]!;
      traces.copied[n] = followCopies(ring[n]!, runs[n]!, at, value, value !== before);
      ring[n]![at % LAGS] = value;
      last[n] = value;
    }
    at += 1;
    return traces;
  };
}

/** Over how many moving rows the value has been what it was at one same distance before; a signal at rest repeats nothing. */
function followCopies(ring: Float64Array, runs: Uint32Array, at: number, value: number, moves: boolean): number {
  let longest = 0;
  for (let lag = LEAST_LAG; lag < LAGS; lag++) {
    const isSame = lag <= at && ring[(at - lag + LAGS) % LAGS] === value;
    if (!isSame) runs[lag] = 0;
    else if (moves) runs[lag]! += 1;
    if (runs[lag]! > longest) longest = runs[lag]!;
  }
  return longest;
}

/** By signal, how far a row is beyond what clean rows did, in each of `CHECKS`; zeros within it. */
export function excesses(checks: Checks, row: Float64Array, traces: Traces | undefined): Float64Array[] {
  const { low, high, unit, values, past } = checks;
  const range = row.map((value, n) => beyond(value, low[n]!, high[n]!, unit[n]!, values[n]!));
  if (past === null || traces === undefined) return [range];
  const step = traces.step.map((own, n) => excess(own - past.step[n]!, unit[n]!));
  // Rows are counted on a scale where twice the longest is one.
  const still = traces.still.map((own, n) => excess(own - past.still[n]!, past.still[n]! + 4));
  const copied = traces.copied.map((own, n) => excess(own - past.copied[n]!, past.copied[n]! + 4));
  return [range, step, still, copied];
}

const excess = (by: number, unit: number): number => (by > 0 ? Math.min(MOST_EXCESS, by / unit) : 0);

function beyond(value: number, low: number, high: number, unit: number, values: readonly number[] | null): number {
  if (Number.isNaN(value)) return 0;
  const out = Math.max(excess(value - high, unit), excess(low - value, unit));
  // A value between others that a signal never took: as far out as one unit.
  return values !== null && !values.includes(value) ? Math.max(1, out) : out;
}

/** One score for each kind of check: large where one signal is far out or many are a little. */
export const scoreExcess = (own: Float64Array): number => Math.log1p(own.reduce((sum, each) => sum + each, 0));

/**
 * Learns what clean rows did.
 *
 * @param values signals by column; @param rows the clean rows; @param traces of all rows, where they have an order
 */
export function fitChecks(
  values: readonly Float64Array[],
  rows: Int32Array,
  traces: readonly Traces[] | undefined,
): Checks {
  const learned = values.map((own) => learnSignal(own, rows));
  const most = (of: (traces: Traces) => Float64Array): number[] =>
    values.map((_, n) => rows.reduce((longest, row) => Math.max(longest, of(traces![row]!)[n]!), 0));
  // A valve that is shut for weeks is no fault; a level that is never twice the same and stands still is.
  const rests = (n: number): boolean =>
    rows.filter((row) => traces![row]!.still[n]! > 0).length > MOST_RESTING * rows.length;
  return {
    low: learned.map(({ low }) => low),
    high: learned.map(({ high }) => high),
    unit: learned.map(({ unit }) => unit),
    values: learned.map(({ few }) => few),
    past:
      traces === undefined
        ? null
        : {
            step: most((t) => t.step),
            still: most((t) => t.still).map((longest, n) => (rests(n) ? UNCHECKED : longest)),
            copied: most((t) => t.copied),
          },
  };
}

function learnSignal(own: Float64Array, rows: Int32Array) {
  const known = Float64Array.from(rows, (row) => own[row]!).filter((value) => !Number.isNaN(value));
  if (known.length === 0) return { low: 0, high: 0, unit: 1, few: null };
  const sorted = known.sort();
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const distinct = new Set<number>();
  for (const value of sorted) if (distinct.add(value).size > MOST_VALUES) break;
  const few = distinct.size <= MOST_VALUES ? [...distinct] : null;
  // What nine tenths of clean rows span, so that one odd clean row does not make a unit of everything.
  const middle = sorted[Math.floor(0.95 * (sorted.length - 1))]! - sorted[Math.floor(0.05 * (sorted.length - 1))]!;
  return { low, high, unit: middle || high - low || Math.max(1, Math.abs(high)) * 0.01, few };
}

/** Whether limits could have been learned: as many as there are signals, and none upside down. */
export function isSound(checks: Checks, signals: number): boolean {
  const { low, high, unit, values, past } = checks;
  const all = [low, high, unit, values, ...(past === null ? [] : [past.step, past.still, past.copied])];
  return (
    all.every(({ length }) => length === signals) &&
    low.every((own, n) => own <= high[n]!) &&
    values.every((few) => few === null || isRising(few))
  );
}

import type { Frame } from "../../data/frame.ts";
import { softLog } from "../../data/soft-log.ts";
import type { Stretch } from "../../data/stretches.ts";

/** How one signal becomes a number that networks can take: (f(x) − offset) / scale, f a logarithm where tails are heavy. */
export interface Preparation {
  readonly isLog: boolean;
  readonly offset: number;
  readonly scale: number;
  /** Whether rows that were learned from lacked it: then a feature of its own says so. */
  readonly isSometimesMissing: boolean;
}

/** Further out than this is no further: one wild count shall not drown all else. */
const MOST = 10;
const HEAVY = 3;
/** A signal that hardly ever moves in clean rows keeps this share of its whole spread as its scale. */
const LEAST_SHARE = 0.1;

/** How each signal is prepared, from these rows alone: centre and scale of the clean ones. */
export function fitPreparation(
  values: readonly Float64Array[],
  clean: Int32Array,
  all: Int32Array,
): readonly Preparation[] {
  return values.map((own) => {
    const seen = finiteOf(own, clean);
    const isLog =
      Math.abs(skewOf(seen)) > HEAVY &&
      Math.abs(skewOf(seen.map(softLog))) < Math.abs(skewOf(seen)) &&
      new Set(seen).size > 2;
    const pick = (rows: Int32Array): Float64Array => (isLog ? finiteOf(own, rows).map(softLog) : finiteOf(own, rows));
    const { mean, spread } = momentsOf(pick(clean));
    const whole = momentsOf(pick(all)).spread;
    const scale = Math.max(spread, LEAST_SHARE * whole);
    return {
      isLog,
      offset: mean,
      scale: scale > 1e-9 ? scale : 1,
      isSometimesMissing: all.some((row) => !Number.isFinite(own[row])),
    };
  });
}

function finiteOf(own: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => own[row]!).filter(Number.isFinite);
}

function momentsOf(seen: Float64Array): { mean: number; spread: number } {
  if (seen.length === 0) return { mean: 0, spread: 0 };
  const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
  const squares = seen.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, spread: Math.sqrt(squares / seen.length) };
}

function skewOf(seen: Float64Array): number {
  const { mean, spread } = momentsOf(seen);
  if (spread < 1e-12) return 0;
  return seen.reduce((sum, value) => sum + ((value - mean) / spread) ** 3, 0) / seen.length;
}

/** Features of a row: the signals, then one for each that may be missing. */
export const widthOf = (preparations: readonly Preparation[]): number =>
  preparations.length + preparations.filter(({ isSometimesMissing }) => isSometimesMissing).length;

/**
 * Writes one row's features. What is missing, or no finite number, is the clean mean, and where rows that were learned from
 * lacked it too a feature says that it is missing.
 */
export function prepareRow(
  preparations: readonly Preparation[],
  valueOf: (signal: number) => number,
  target: Float32Array,
  at: number,
): void {
  let indicator = at + preparations.length;
  preparations.forEach(({ isLog, offset, scale, isSometimesMissing }, signal) => {
    const value = valueOf(signal);
    const isThere = Number.isFinite(value);
    const number = isThere ? ((isLog ? softLog(value) : value) - offset) / scale : 0;
    target[at + signal] = Math.max(-MOST, Math.min(MOST, number));
    if (isSometimesMissing) target[indicator++] = isThere ? 0 : 1;
  });
}

/** Features of rows that follow one another, so that every window is one piece. */
export interface Prepared {
  readonly values: Float32Array;
  readonly width: number;
  /** Where a row's window begins: as many rows ahead of its own features as are looked back at. */
  readonly starts: Uint32Array;
}

/**
 * The features of a stretch's rows `from` to `to` and of the `steps` - 1 rows before each, as far as they are in the stretch:
 * before its beginning, the first row stands again. `starts` is by place in the stretch, from `from` on.
 */
export function prepareStretch(
  preparations: readonly Preparation[],
  values: readonly Float64Array[],
  stretch: Stretch,
  { from, to, steps }: { from: number; to: number; steps: number },
): Prepared {
  const width = widthOf(preparations);
  const first = from - steps + 1;
  const prepared = new Float32Array((to - first) * width);
  for (let at = first; at < to; at++) {
    const row = stretch[Math.max(0, at)]!;
    prepareRow(preparations, (signal) => values[signal]![row]!, prepared, (at - first) * width);
  }
  return { values: prepared, width, starts: Uint32Array.from({ length: to - from }, (_, n) => n * width) };
}

/** A whole frame's features; `starts` is by row. No window leaves its stretch. */
export function prepareFrame(preparations: readonly Preparation[], frame: Frame, steps: number): Prepared {
  const width = widthOf(preparations);
  const places = frame.rows + (steps - 1) * frame.stretches.length;
  // Shared memory, so that a thread that trains need not copy it.
  const values = new Float32Array(new SharedArrayBuffer(4 * places * width));
  const starts = new Uint32Array(frame.rows);
  let place = 0;
  for (const stretch of frame.stretches) {
    const own = prepareStretch(preparations, frame.values, stretch, { from: 0, to: stretch.length, steps });
    values.set(own.values, place);
    stretch.forEach((row, at) => (starts[row] = place + own.starts[at]!));
    place += own.values.length;
  }
  return { values, width, starts };
}

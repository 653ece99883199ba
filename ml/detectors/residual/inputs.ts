import type { Frame } from "../../data/frame.ts";
import { followsItself, isOrder } from "../../data/order.ts";
import { softLog } from "../../data/soft-log.ts";
import type { Stretch } from "../../data/stretches.ts";

/** What a signal is to its twin: `still` never moved on clean rows, a `switch` has two values, the others are `moving`. */
export type SignalKind = "still" | "switch" | "moving";

/** How a signal's values become what relations are written in. */
export interface SignalInput {
  readonly kind: SignalKind;
  /** Whether the value of the row before tells something of this row's. */
  readonly hasPast: boolean;
  /** Decimals that all training stretches have in common, null where there are more than can be counted. */
  readonly decimals: number | null;
  /** Whether magnitudes are taken in place of values: for signals over many orders of magnitude. */
  readonly isLog: boolean;
  readonly offset: number;
  readonly scale: number;
  /** What a missing value is taken for, scaled. */
  readonly fill: number;
}

const MOST_DECIMALS = 6;
/** A scaled value further out is as strange as it gets; one wild number must not drown all relations. */
const MOST_DEVIATION = 30;
const LEAST_ROWS = 50;
const MANY_ORDERS = 200;

/** What a signal is, whatever its scale. */
export type SignalShape = Omit<SignalInput, "offset" | "scale" | "fill">;

/**
 * What each signal is on these clean rows. Values are rounded to the decimals of the coarsest stretch: a relation learned to
 * the eighth decimal from one file must not find every row of a file with two strange.
 */
export function shapeInputs(frame: Frame, clean: Int32Array): SignalShape[] {
  const isClean = new Uint8Array(frame.rows);
  for (const row of clean) isClean[row] = 1;
  const parts = frame.stretches.map((stretch) => stretch.filter((row) => isClean[row] === 1));
  const shapes = frame.values.map((own) => {
    const decimals = commonDecimals(own, parts);
    const rounded = takeRounded(own, clean, decimals);
    const kind = kindOf(rounded);
    const isLog = kind === "moving" && spansOrders(rounded.toSorted());
    const hasPast = kind !== "still" && followsItself(isLog ? own.map(softLog) : own, frame.stretches, isClean);
    return { kind, hasPast, decimals, isLog };
  });
  const moving = shapes.filter(({ kind }) => kind === "moving");
  // In rows whose order says nothing a few signals follow themselves by accident.
  const following = moving.filter((shape) => shape.hasPast).length;
  return isOrder(following, moving.length) ? shapes : shapes.map((shape) => ({ ...shape, hasPast: false }));
}

/** The same with offsets and scales of these clean rows alone. */
export const scaleInputs = (shapes: readonly SignalShape[], frame: Frame, clean: Int32Array): SignalInput[] =>
  shapes.map((shape, n) => {
    const values = takeRounded(frame.values[n]!, clean, shape.decimals);
    return { ...shape, ...scaleOf(shape, shape.isLog ? values.map(softLog) : values) };
  });

function scaleOf({ kind }: SignalShape, values: Float64Array): Pick<SignalInput, "offset" | "scale" | "fill"> {
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(most > least)) {
    const offset = values[0] ?? 0;
    return { offset, scale: Math.max(0.01 * Math.abs(offset), 1), fill: 0 };
  }
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  if (kind === "switch") return { offset: least, scale: most - least, fill: (mean - least) / (most - least) };
  // In units of the farthest, so that no square is too large or too small for a number.
  const far = Math.max(most - mean, mean - least);
  const spread = far * Math.sqrt(values.reduce((sum, value) => sum + ((value - mean) / far) ** 2, 0) / values.length);
  return { offset: mean, scale: spread, fill: 0 };
}

const takeRounded = (own: Float64Array, rows: Int32Array, decimals: number | null): Float64Array =>
  Float64Array.from(rows, (row) => roundTo(own[row]!, decimals)).filter((value) => !Number.isNaN(value));

function kindOf(values: Float64Array): SignalKind {
  const seen = new Set<number>();
  for (const value of values) if (seen.add(value).size > 2) return "moving";
  return seen.size === 2 ? "switch" : "still";
}

/** Whether positive values reach far beyond their middle. */
function spansOrders(sorted: Float64Array): boolean {
  if (sorted[0]! < 0) return false;
  const positive = sorted.filter((value) => value > 0);
  const middle = positive[positive.length >> 1] ?? 0;
  return positive.at(-1)! > MANY_ORDERS * middle;
}

function commonDecimals(own: Float64Array, parts: readonly Stretch[]): number | null {
  let fewest = Infinity;
  for (const part of parts) {
    if (part.length < LEAST_ROWS) continue;
    const seen = new Set<number>();
    let most = 0;
    for (const row of part) {
      const value = own[row]!;
      if (Number.isNaN(value)) continue;
      if (seen.size < 3) seen.add(value);
      if (most < MOST_DECIMALS) most = Math.max(most, decimalsOf(value));
    }
    // A part in which the signal has two values says nothing of its decimals.
    if (seen.size > 2) fewest = Math.min(fewest, most);
  }
  return fewest >= MOST_DECIMALS ? null : fewest;
}

function decimalsOf(value: number): number {
  for (let decimals = 0, factor = 1; decimals < MOST_DECIMALS; decimals++, factor *= 10)
    if (Math.abs(Math.round(value * factor) - value * factor) <= 1e-9 * Math.max(1, Math.abs(value * factor)))
      return decimals;
  return MOST_DECIMALS;
}

function roundTo(value: number, decimals: number | null): number {
  if (decimals === null) return value;
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}

/** A value as relations see it, NaN where it is missing. */
export function toInput(value: number, { decimals, isLog, offset, scale }: SignalInput): number {
  if (Number.isNaN(value)) return NaN;
  const rounded = roundTo(value, decimals);
  const scaled = ((isLog ? softLog(rounded) : rounded) - offset) / scale;
  return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, scaled));
}

/** Half of the last decimal, scaled: no residual smaller than this says anything. */
export const resolutionOf = ({ decimals, isLog, scale }: SignalInput): number =>
  decimals === null || isLog ? 0 : 0.5 / 10 ** decimals / scale;

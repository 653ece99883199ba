import type { Frame } from "../../data/frame.ts";
import { toInput, type SignalInput } from "./inputs.ts";

/** Which column of a design row holds what: a 1, this row's values, squares of those that move, values of the row before. */
export interface Layout {
  readonly width: number;
  /** By signal; -1 where a signal has no such column. */
  readonly now: readonly number[];
  readonly square: readonly number[];
  readonly before: readonly number[];
}

/** The columns for these inputs. */
export function layOut(inputs: readonly SignalInput[]): Layout {
  let width = 1;
  const place = (has: (input: SignalInput) => boolean): number[] => inputs.map((input) => (has(input) ? width++ : -1));
  const now = place(({ kind }) => kind !== "still");
  const square = place(({ kind }) => kind === "moving");
  const before = place(({ kind, hasPast }) => kind !== "still" && hasPast);
  return { width, now, square, before };
}

/** Whether rows have a past that says anything. */
export const hasPast = ({ before }: Layout): boolean => before.some((column) => column >= 0);

/** A row as relations see it: by signal, NaN where missing. */
export const toInputRow = (row: ArrayLike<number>, inputs: readonly SignalInput[]): Float64Array =>
  Float64Array.from(inputs, (input, n) => toInput(row[n]!, input));

/** Writes one design row. Without a row before, its columns hold what is usual; step relations are silent then. */
export function writeDesignRow(
  out: Float64Array,
  at: number,
  { now, square, before }: Layout,
  inputs: readonly SignalInput[],
  row: Float64Array,
  last: Float64Array | undefined,
): void {
  out[at] = 1;
  for (let n = 0; n < inputs.length; n++) {
    const { fill } = inputs[n]!;
    const value = Number.isNaN(row[n]!) ? fill : row[n]!;
    if (now[n]! >= 0) out[at + now[n]!] = value;
    if (square[n]! >= 0) out[at + square[n]!] = value * value;
    if (before[n]! >= 0) out[at + before[n]!] = last === undefined || Number.isNaN(last[n]!) ? fill : last[n]!;
  }
}

/** All rows of a frame: the design, the inputs by row, and whether a row has one before it in its stretch. */
export interface Designed {
  readonly design: Float64Array;
  readonly inputs: readonly Float64Array[];
  /** The row before in the same stretch, -1 for a first one. */
  readonly before: Int32Array;
}

export function designFrame(
  { values, rows, stretches }: Frame,
  inputs: readonly SignalInput[],
  layout: Layout,
): Designed {
  const design = new Float64Array(rows * layout.width);
  const byRow = Array.from({ length: rows }, (_, row) =>
    Float64Array.from(inputs, (input, n) => toInput(values[n]![row]!, input)),
  );
  const before = new Int32Array(rows).fill(-1);
  for (const stretch of stretches)
    stretch.forEach((row, at) => {
      if (at > 0) before[row] = stretch[at - 1]!;
      writeDesignRow(design, row * layout.width, layout, inputs, byRow[row]!, byRow[before[row]!]);
    });
  return { design, inputs: byRow, before };
}

import type { Fusion } from "./fuse.ts";
import { round } from "./relations.ts";

const PENALTY = 2;
const SWEEPS = 40;

/**
 * Weights by logistic regression with a ridge, one after the other by Newton's steps; none is negative, for no relation speaks
 * for a row by being broken.
 *
 * @param strengths by row; @param rows those to learn from; @param counts how much each row counts
 */
export function fitWeights(
  strengths: readonly Float64Array[],
  labels: Uint8Array,
  rows: Int32Array,
  counts?: Float64Array,
): Fusion {
  const size = strengths[rows[0]!]!.length;
  const weights = new Float64Array(size);
  const columns = Array.from({ length: size }, (_, n) => Float64Array.from(rows, (row) => strengths[row]![n]!));
  const used = [...columns.keys()].filter((n) => columns[n]!.some((value) => value > 0));
  const wanted = Float64Array.from(rows, (row) => labels[row]!);
  const count = Float64Array.from(rows, (row) => counts?.[row] ?? 1);
  const all = count.reduce((sum, value) => sum + value, 0);
  const share = wanted.reduce((sum, value, at) => sum + count[at]! * value, 0) / all;
  let base = Math.log(share / (1 - share));
  const odds = new Float64Array(rows.length).fill(base);
  const moveBy = (column: Float64Array | undefined, by: number): void => {
    if (by !== 0) for (let at = 0; at < odds.length; at++) odds[at]! += by * (column?.[at] ?? 1);
  };
  let largest = Infinity;
  for (let sweep = 0; sweep < SWEEPS && largest > 1e-3; sweep++) {
    largest = 0;
    for (const n of [undefined, ...used]) {
      const column = n === undefined ? undefined : columns[n];
      let [gradient, curve] = n === undefined ? [0, 1e-9] : [PENALTY * weights[n]!, PENALTY];
      for (let at = 0; at < odds.length; at++) {
        const value = column === undefined ? 1 : column[at]!;
        if (value === 0) continue;
        const chance = 1 / (1 + Math.exp(-odds[at]!));
        gradient += count[at]! * (chance - wanted[at]!) * value;
        curve += count[at]! * Math.max(chance * (1 - chance), 0.01) * value * value;
      }
      const step = -gradient / curve;
      if (n === undefined) {
        base += step;
        moveBy(undefined, step);
      } else {
        const next = Math.max(0, weights[n]! + step);
        moveBy(column, next - weights[n]!);
        largest = Math.max(largest, Math.abs(next - weights[n]!));
        weights[n] = next;
      }
    }
  }
  return { kind: "weighed", base: round(base), weights: Array.from(weights, round) };
}

import { solvePositive } from "../../linear.ts";
import type { Lesson } from "../detector.ts";
import { weightsOf } from "../worth.ts";

/** How parts' scores become one: each in units of clean rows' spread, then weighed. */
export interface Combination {
  readonly parts: readonly { readonly centre: number; readonly spread: number; readonly weight: number }[];
  readonly base: number;
}

const MOST = 12;
const UPPER = 0.99;
const STEPS = 30;
const PENALTY = 1;

/**
 * Weighs parts by logistic regression on scores of rows that the parts had not learned from; without labels each part counts as
 * much as its excess over clean rows. A weight is never negative: no part is evidence of innocence by being alarmed.
 *
 * @param scores by part; @param rows those to learn from; @param weights how much each row counts, by its number; all alike without them
 */
export function fitCombination(
  scores: readonly Float64Array[],
  labels: Uint8Array | undefined,
  rows: Int32Array,
  weights?: Float64Array,
): Combination {
  const clean = labels === undefined ? rows : rows.filter((row) => labels[row] === 0);
  const units = scores.map((own) => unitOf(own, clean));
  if (labels === undefined || !rows.some((row) => labels[row] === 1))
    return { base: 0, parts: units.map((unit) => ({ ...unit, weight: 1 / units.length })) };
  let active = [...units.keys()];
  for (;;) {
    const { base, slopes } = fitLogistic(
      active.map((part) => Float64Array.from(rows, (row) => inUnits(scores[part]![row]!, units[part]!))),
      Uint8Array.from(rows, (row) => labels[row]!),
      Float64Array.from(rows, (row) => weights?.[row] ?? 1),
    );
    const worst = slopes.indexOf(Math.min(...slopes));
    if (slopes[worst]! < 0 && active.length > 1) {
      active = active.filter((_, at) => at !== worst);
      continue;
    }
    return {
      base,
      parts: units.map((unit, part) => ({ ...unit, weight: Math.max(0, slopes[active.indexOf(part)] ?? 0) })),
    };
  }
}

/** Clean rows' median, and how far from there to what one in a hundred exceeds. */
function unitOf(own: Float64Array, clean: Int32Array): { centre: number; spread: number } {
  const sorted = Float64Array.from(clean, (row) => own[row]!).sort();
  const centre = sorted[sorted.length >> 1] ?? 0;
  const spread = (sorted[Math.floor(UPPER * (sorted.length - 1))] ?? 1) - centre;
  return { centre, spread: spread > 1e-9 ? spread : 1 };
}

const inUnits = (score: number, { centre, spread }: { centre: number; spread: number }): number =>
  Math.max(-MOST, Math.min(MOST, (score - centre) / spread));

/** Logistic regression with a ridge by Newton's steps. */
function fitLogistic(
  columns: readonly Float64Array[],
  labels: Uint8Array,
  weights: Float64Array,
): { base: number; slopes: number[] } {
  const n = columns.length + 1;
  const beta = new Float64Array(n);
  for (let step = 0; step < STEPS; step++) {
    const matrix = new Float64Array(n * n);
    const right = new Float64Array(n);
    const x = new Float64Array(n).fill(1);
    for (let row = 0; row < labels.length; row++) {
      let odds = beta[0]!;
      for (let k = 1; k < n; k++) {
        x[k] = columns[k - 1]![row]!;
        odds += beta[k]! * x[k]!;
      }
      const chance = 1 / (1 + Math.exp(-odds));
      const weight = weights[row]! * Math.max(chance * (1 - chance), 1e-9);
      for (let i = 0; i < n; i++) {
        right[i]! += weights[row]! * (labels[row]! - chance) * x[i]!;
        for (let j = 0; j <= i; j++) matrix[i * n + j]! += weight * x[i]! * x[j]!;
      }
    }
    for (let i = 0; i < n; i++) {
      if (i > 0) right[i]! -= PENALTY * beta[i]!;
      matrix[i * n + i]! += i > 0 ? PENALTY : 1e-9;
      for (let j = i + 1; j < n; j++) matrix[i * n + j] = matrix[j * n + i]!;
    }
    const move = solvePositive(matrix, right, n);
    let largest = 0;
    for (let i = 0; i < n; i++) {
      // A step is bounded: separable scores would run away with it.
      const by = Math.max(-2, Math.min(2, move[i]!));
      beta[i]! += by;
      largest = Math.max(largest, Math.abs(by));
    }
    if (largest < 1e-8) break;
  }
  return { base: beta[0]!, slopes: Array.from(beta.subarray(1)) };
}

/** Log-odds of each row: the weighed sum. */
export function combine({ parts, base }: Combination, scores: readonly Float64Array[]): Float64Array {
  const combined = new Float64Array(scores[0]!.length).fill(base);
  parts.forEach((part, n) => {
    const own = scores[n]!;
    for (let row = 0; row < own.length; row++) combined[row]! += part.weight * inUnits(own[row]!, part);
  });
  return combined;
}

/** What each part adds to a row's log-odds. */
export const partShares = ({ parts }: Combination, scores: readonly Float64Array[], row: number): Float64Array =>
  Float64Array.from(parts, (part, n) => part.weight * inUnits(scores[n]![row]!, part));

/** One score of the parts' for each row, by weights that know no more of it than the parts: neither its block nor kinds kept back. */
export function crossCombine(scores: readonly Float64Array[], lesson: Lesson): Float64Array {
  const { labels, folds, frame } = lesson;
  const combined = new Float64Array(frame.rows);
  folds.forEach(({ test, train }) => {
    const own = combine(fitCombination(scores, labels, train, weightsOf(lesson)), scores);
    test.forEach((row) => (combined[row] = own[row]!));
  });
  return combined;
}

import type { Frame } from "./frame.ts";

export const isRising = (values: readonly number[]): boolean =>
  values.every((each, n) => n === 0 || each > values[n - 1]!);

/** Rows follow one another where a quarter of the signals are at least this like themselves a row before. */
const LEAST_CORRELATION = 0.5;

/**
 * Whether rows that follow one another are alike, as when they were measured one after another; in a shuffled table nothing can be
 * learned from the row before.
 */
export function hasOrder({ values, stretches }: Frame, rows: Int32Array): boolean {
  const isIn = new Set(rows);
  const pairs = stretches.flatMap((stretch) =>
    [...stretch.keys()].slice(1).flatMap((at) => {
      const [before, row] = [stretch[at - 1]!, stretch[at]!];
      return isIn.has(before) && isIn.has(row) ? [[before, row] as const] : [];
    }),
  );
  const moving = values.map((own) => correlation(pairs, own)).filter((each) => !Number.isNaN(each));
  const sorted = moving.sort((a, b) => b - a);
  return (sorted[sorted.length >> 2] ?? 0) >= LEAST_CORRELATION;
}

function correlation(pairs: readonly (readonly [number, number])[], own: Float64Array): number {
  const known = pairs.filter(([a, b]) => !Number.isNaN(own[a]!) && !Number.isNaN(own[b]!));
  const mean = known.reduce((sum, [, b]) => sum + own[b]!, 0) / known.length;
  let [product, square] = [0, 0];
  for (const [a, b] of known) {
    product += (own[a]! - mean) * (own[b]! - mean);
    square += (own[b]! - mean) ** 2;
  }
  return product / square;
}

import type { Frame } from "../../data/frame.ts";

const ALIKE = 0.2;
const SHARE = 0.1;

/**
 * Whether rows follow one another in time: whether in a tenth of the signals a row is like the one before it (correlation above
 * 0.2). Rows of a table that was shuffled, or never had an order, are not; their past tells nothing.
 */
export function followsOn({ values, stretches }: Frame): boolean {
  const alike = values.filter((own) => lagCorrelation(own, stretches) > ALIKE).length;
  return alike >= SHARE * values.length;
}

/** Correlation of each value with the one before it in its stretch. */
function lagCorrelation(own: Float64Array, stretches: Frame["stretches"]): number {
  const known = own.filter(Number.isFinite);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const variance = known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length;
  let [sum, pairs] = [0, 0];
  for (const stretch of stretches)
    for (let at = 1; at < stretch.length; at++) {
      const product = (own[stretch[at]!]! - mean) * (own[stretch[at - 1]!]! - mean);
      if (!Number.isFinite(product)) continue;
      sum += product;
      pairs += 1;
    }
  return variance > 0 && pairs > 0 ? sum / pairs / variance : 0;
}

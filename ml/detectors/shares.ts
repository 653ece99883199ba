import type { SignalShare } from "./detector.ts";

/** More names than this explain nothing. */
const MOST_NAMED = 5;

/** The signals that carry a score, the largest share first. What is not positive carries nothing. */
export function rankShares(carried: Float64Array, signals: readonly string[]): SignalShare[] {
  const sum = carried.reduce((all, own) => all + Math.max(0, own), 0);
  if (!(sum > 0)) return [];
  return signals
    .map((signal, n) => ({ signal, share: Math.max(0, carried[n]!) / sum }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST_NAMED);
}

/** Adds what parts carry to a sum, scaled so that all of it together is `weight`. */
export function addShares(sum: Float64Array, carried: Float64Array, weight: number): void {
  const all = carried.reduce((total, own) => total + Math.max(0, own), 0);
  if (all > 0) carried.forEach((own, n) => (sum[n]! += (weight * Math.max(0, own)) / all));
}

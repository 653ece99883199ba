/** How rare a score is among clean rows: `limits[k]` is exceeded by a share of 2^-k of them; beyond the last, exponentially. */
export interface Tail {
  readonly limits: readonly number[];
  /** Bits per unit of score beyond the last limit. */
  readonly slope: number;
}

/** Beyond the last limit there are at least this many clean rows, which tell how the tail goes on. */
const LEAST_BEYOND = 20;

/** The tail of these clean scores. */
export function fitTail(scores: Float64Array): Tail {
  const sorted = scores.toSorted();
  const last = Math.max(1, Math.floor(Math.log2(Math.max(2, sorted.length / LEAST_BEYOND))));
  const limits = Array.from({ length: last + 1 }, (_, k) => sorted[Math.floor((1 - 2 ** -k) * (sorted.length - 1))]!);
  const [from] = limits.slice(-1) as [number];
  const beyond = sorted.filter((score) => score > from);
  const excess = beyond.reduce((sum, score) => sum + score - from, 0) / Math.max(1, beyond.length);
  // A tail that ends at once would make everything beyond it infinitely rare.
  const least = 0.01 * (from - limits[0]!) || 1;
  return { limits, slope: 1 / (Math.LN2 * Math.max(excess, least)) };
}

/** -log2 of the share of clean rows that score as much. */
export function rarity({ limits, slope }: Tail, score: number): number {
  const last = limits.length - 1;
  if (score >= limits[last]!) return last + slope * (score - limits[last]!);
  let k = 0;
  while (k < last && score >= limits[k + 1]!) k += 1;
  const [low, high] = [limits[k]!, limits[k + 1]!];
  if (score <= low) return k;
  return k + (score - low) / (high - low);
}

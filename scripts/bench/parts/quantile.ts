/** Value below which the share `q` of the numbers lies (nearest rank). Throws RangeError where there are none. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))];
  if (found === undefined) throw new RangeError("no numbers");
  return found;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** The spread of some times, ms. A quantile of few numbers is the largest of them: `count` says how many there were. */
export function spread(times: readonly number[]): Spread {
  const at = (q: number): number => rounded(quantile(times, q), 2);
  return { count: times.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), most: at(1) };
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** How evidence becomes one score: the strongest counts, or all of it, weighed. */
export type Fusion =
  | { readonly kind: "strongest" }
  | { readonly kind: "weighed"; readonly base: number; readonly weights: readonly number[] };

const LEAST = 0.02;
const MOST = 100;
/** Evidence counts by its logarithm from a tenth of what clean rows reach; below, it is as good as none. */
const FINE = 10;
const PENALTY = 2;
const SWEEPS = 40;

/** What a relation says with its memory: the stronger of the two, from 0 on, slower than it grows. */
export const toStrength = (evidence: number, remembered: number): number =>
  Math.log1p(FINE * Math.min(MOST, Math.max(Math.abs(evidence), remembered)));

/** The score of a row's strengths: for `strongest` the logarithm of its evidence, for `weighed` log-odds of an attack. */
export function fuse(fusion: Fusion, strengths: ArrayLike<number>): number {
  if (fusion.kind === "strongest") {
    let most = 0;
    for (let n = 0; n < strengths.length; n++) if (strengths[n]! > most) most = strengths[n]!;
    return Math.log(Math.max(LEAST, Math.expm1(most) / FINE));
  }
  let odds = fusion.base;
  for (let n = 0; n < strengths.length; n++) odds += fusion.weights[n]! * strengths[n]!;
  return odds;
}

/**
 * Weights by logistic regression with a ridge, one after the other by Newton's steps; none is negative, for no relation speaks
 * for a row by being broken.
 *
 * @param strengths by row; @param rows those to learn from
 */
export function fitWeights(strengths: readonly Float64Array[], labels: Uint8Array, rows: Int32Array): Fusion {
  const size = strengths[rows[0]!]!.length;
  const weights = new Float64Array(size);
  const columns = Array.from({ length: size }, (_, n) => Float64Array.from(rows, (row) => strengths[row]![n]!));
  const used = [...columns.keys()].filter((n) => columns[n]!.some((value) => value > 0));
  const wanted = Float64Array.from(rows, (row) => labels[row]!);
  const share = wanted.reduce((sum, value) => sum + value, 0) / rows.length;
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
        gradient += (chance - wanted[at]!) * value;
        curve += Math.max(chance * (1 - chance), 0.01) * value * value;
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
  const round = (value: number): number => Number(value.toPrecision(9));
  return { kind: "weighed", base: round(base), weights: Array.from(weights, round) };
}

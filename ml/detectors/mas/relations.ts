import { invertPositive } from "../../linear.ts";

/** Each signal by all others, of this row and the one before: rows of the inverse covariance (Dempster 1972). */
export interface Relations {
  /** By signal, its weights over [this row, the row before], scaled so that its own weight is 1: their sum is the residual. */
  readonly weights: readonly (readonly number[])[];
  /** The residual's spread on clean rows. */
  readonly spreads: readonly number[];
}

const RIDGE = 0.01;
const MOST_ROWS = 12_000;
const LEAST_SPREAD = 0.05;

/**
 * Ridge regression of each signal on all others at once.
 *
 * @param inputs by row what is seen, scaled: this row, then the row before where rows have an order; @param signals of this row
 */
export function fitRelations(inputs: readonly Float64Array[], signals: number): Relations {
  const step = Math.max(1, Math.ceil(inputs.length / MOST_ROWS));
  const seen = inputs.filter((_, at) => at % step === 0);
  const n = seen[0]!.length;
  const covariance = new Float64Array(n * n);
  for (const row of seen)
    for (let i = 0; i < n; i++) {
      const own = row[i]!;
      if (own === 0) continue;
      for (let j = 0; j <= i; j++) covariance[i * n + j]! += own * row[j]!;
    }
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const mean = covariance[i * n + j]! / seen.length + (i === j ? RIDGE : 0);
      covariance[i * n + j] = covariance[j * n + i] = mean;
    }
  const inverse = invertPositive(covariance, n);
  const weights = Array.from({ length: signals }, (_, i) =>
    Array.from({ length: n }, (_, j) => Number((inverse[i * n + j]! / inverse[i * n + i]!).toPrecision(8))),
  );
  const squares = new Float64Array(signals);
  for (const row of seen) weights.forEach((own, i) => (squares[i]! += dot(own, row) ** 2));
  const spreads = Array.from(squares, (sum) => Math.max(LEAST_SPREAD, Math.sqrt(sum / seen.length)));
  return { weights, spreads };
}

function dot(weights: readonly number[], row: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < row.length; n++) sum += weights[n]! * row[n]!;
  return sum;
}

/** Each signal's residual in units of its clean spread. */
export const residuals = ({ weights, spreads }: Relations, input: Float64Array): Float64Array =>
  Float64Array.from(weights, (own, n) => dot(own, input) / spreads[n]!);

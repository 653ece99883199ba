import { eigenSymmetric } from "../../linear.ts";

/** Where clean rows lie: a centre and scale for each signal, and the directions in which they vary. */
export interface Subspace {
  readonly scaler: readonly { readonly offset: number; readonly scale: number }[];
  /** Directions, most variance first, and the variance along each. */
  readonly directions: readonly (readonly number[])[];
  readonly variances: readonly number[];
}

const MOST_ROWS = 20_000;
/** A scaled value further out than this is as strange as it gets; one wild number must not drown all others. */
const MOST_DEVIATION = 30;

/** Principal components of the given rows that hold this share of their variance (Jackson, Mudholkar 1979). */
export function fitSubspace(values: readonly Float64Array[], rows: Int32Array, share: number): Subspace {
  const step = Math.max(1, Math.ceil(rows.length / MOST_ROWS));
  const sample = rows.filter((_, at) => at % step === 0);
  const scaler = values.map((own) => scaleOf(own, sample));
  const n = values.length;
  const scaled = values.map((own, signal) => Float64Array.from(sample, (row) => toScaled(own[row]!, scaler[signal]!)));
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      let sum = 0;
      const [a, b] = [scaled[i]!, scaled[j]!];
      for (let at = 0; at < sample.length; at++) sum += a[at]! * b[at]!;
      covariance[i * n + j] = covariance[j * n + i] = sum / sample.length;
    }
  const { values: found, vectors } = eigenSymmetric(covariance, n);
  const all = found.reduce((sum, value) => sum + Math.max(0, value), 0);
  let kept = 0;
  for (let sum = 0; kept < n && sum < share * all; kept++) sum += Math.max(0, found[kept]!);
  kept = Math.max(1, Math.min(kept, n));
  return {
    scaler,
    directions: vectors.slice(0, kept).map((vector) => Array.from(vector, round)),
    variances: found.slice(0, kept).map((value) => Math.max(round(value), 1e-6)),
  };
}

/** A model is smaller, and no worse, for eight digits. */
const round = (value: number): number => Number(value.toPrecision(8));

function scaleOf(own: Float64Array, rows: Int32Array): { offset: number; scale: number } {
  let [count, sum, squares] = [0, 0, 0];
  for (const row of rows)
    if (!Number.isNaN(own[row]!)) {
      count += 1;
      sum += own[row]!;
    }
  const offset = count === 0 ? 0 : sum / count;
  for (const row of rows) if (!Number.isNaN(own[row]!)) squares += (own[row]! - offset) ** 2;
  const scale = Math.sqrt(squares / Math.max(1, count));
  // A signal that never moved on clean rows: any movement is far out, but not infinitely.
  return { offset, scale: scale > 1e-9 * Math.max(1, Math.abs(offset)) ? scale : Math.max(1, Math.abs(offset)) * 0.01 };
}

/** What is missing is taken to be usual. */
function toScaled(value: number, { offset, scale }: { offset: number; scale: number }): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, (value - offset) / scale));
}

/** Logarithms of T² (how far within the subspace) and SPE (how far outside it) of each row. */
export function scoreSubspace(
  { scaler, directions, variances }: Subspace,
  values: readonly Float64Array[],
  rows: number,
): { within: Float64Array; outside: Float64Array } {
  const [within, outside] = [new Float64Array(rows), new Float64Array(rows)];
  const scaled = new Float64Array(values.length);
  for (let row = 0; row < rows; row++) {
    let length = 0;
    for (let n = 0; n < scaled.length; n++) {
      scaled[n] = toScaled(values[n]![row]!, scaler[n]!);
      length += scaled[n]! ** 2;
    }
    let distance = 0;
    for (let k = 0; k < directions.length; k++) {
      const direction = directions[k]!;
      let along = 0;
      for (let n = 0; n < scaled.length; n++) along += direction[n]! * scaled[n]!;
      length -= along * along;
      distance += (along * along) / variances[k]!;
    }
    within[row] = Math.log(distance + 1e-9);
    outside[row] = Math.log(Math.max(0, length) + 1e-9);
  }
  return { within, outside };
}

/** What each signal adds to a row's T² and to its SPE; parts of T² that lower it count as nothing. */
export function explainSubspace(
  { scaler, directions, variances }: Subspace,
  values: readonly Float64Array[],
  row: number,
): { within: Float64Array; outside: Float64Array } {
  const left = Float64Array.from(values, (own, n) => toScaled(own[row]!, scaler[n]!));
  const scaled = left.slice();
  const within = new Float64Array(scaled.length);
  directions.forEach((direction, k) => {
    let along = 0;
    for (let n = 0; n < scaled.length; n++) along += direction[n]! * scaled[n]!;
    for (let n = 0; n < scaled.length; n++) {
      within[n]! += (along / variances[k]!) * direction[n]! * scaled[n]!;
      left[n]! -= along * direction[n]!;
    }
  });
  return { within: within.map((own) => Math.max(0, own)), outside: left.map((own) => own * own) };
}

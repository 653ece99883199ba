/** A signal's values as small numbers: bin b holds values above limit b-2 and at most limit b-1; bin 0 what is missing. */
export interface Binned {
  readonly bins: Uint8Array;
  /** The largest value of each bin from 1 on, but the last. */
  readonly limits: Float64Array;
}

/**
 * Bins by quantiles of the rows that are learned from; a signal with few values has a bin for each. Limits lie in the middle
 * between two neighbouring values.
 */
export function binSignal(values: Float64Array, rows: Int32Array, most: number): Binned {
  const sorted = Float64Array.from(rows, (row) => values[row]!)
    .filter((value) => !Number.isNaN(value))
    .sort();
  const distinct = sorted.filter((value, at) => at === 0 || value !== sorted[at - 1]);
  const limits = distinct.length <= most ? between(distinct) : quantiles(sorted, most);
  return { limits, bins: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1 + below(limits, value))) };
}

const between = (distinct: Float64Array): Float64Array =>
  distinct.slice(1).map((value, at) => (value + distinct[at]!) / 2);

function quantiles(sorted: Float64Array, most: number): Float64Array {
  const limits: number[] = [];
  for (let bin = 1; bin < most; bin++) {
    const at = Math.floor((bin * sorted.length) / most);
    const limit = (sorted[at - 1]! + sorted[at]!) / 2;
    if (sorted[at - 1]! < sorted[at]! && limit !== limits.at(-1)) limits.push(limit);
    // Within many equal values there is no limit; the one above them keeps them apart from the rest.
    else if (sorted[at - 1] === sorted[at] && sorted[at] !== limits.at(-1)) limits.push(sorted[at]!);
  }
  return Float64Array.from(new Set(limits)).sort();
}

/** How many limits are below a value. */
function below(limits: Float64Array, value: number): number {
  let [from, to] = [0, limits.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (limits[middle]! < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

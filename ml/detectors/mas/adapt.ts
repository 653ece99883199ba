/**
 * How far the alarm's limit may follow what is usual now. All of it is fixed when the detector is calibrated, so whoever sends rows
 * can move the limit by `cap` at most, however long they take.
 */
export interface Adaptation {
  /** What clean rows score in the middle. */
  readonly usual: number;
  /** Rows that score more than this above the shifted middle teach nothing. */
  readonly feed: number;
  /** The greatest shift. 0: none. */
  readonly cap: number;
  /** The greatest change of the shift by one row. */
  readonly rate: number;
}

/** Of the way from usual to rare: rows below half of it feed the shift, and a quarter of it is the most that is ever shifted. */
const FEED_SHARE = 0.5;
const CAP_SHARE = 0.25;
/** So many rows at least for the whole cap. */
const ROWS_TO_CAP = 500;
const RARE = 0.99;
const MEMORY = 1 / 200;

/** Fixes the bounds on scores of clean rows that had not been learned from. */
export function fitAdaptation(scores: Float64Array): Adaptation {
  const sorted = scores.toSorted();
  const usual = sorted[sorted.length >> 1]!;
  const way = Math.max(0, sorted[Math.floor(RARE * (sorted.length - 1))]! - usual);
  return { usual, feed: FEED_SHARE * way, cap: CAP_SHARE * way, rate: (CAP_SHARE * way) / ROWS_TO_CAP };
}

/** Adaptation that never moves: for rows without an order, which have no now. */
export const STANDING: Adaptation = { usual: 0, feed: 0, cap: 0, rate: 0 };

/**
 * Takes from each score how much higher than at calibration scores usually are now: the same as an alarm's limit that rises.
 * The shift is between 0 and `cap`; it follows by `rate` a row at most, and only rows well below the limit; a row far above them
 * resets it, so that an attack is held against the limit of the calibration from its first loud row on.
 */
export function createAdaptation({ usual, feed, cap, rate }: Adaptation): (score: number) => number {
  let shift = 0;
  return (score) => {
    const adapted = score - shift;
    if (adapted > usual + 4 * feed) shift = 0;
    else if (adapted <= usual + feed) {
      const wanted = MEMORY * (score - usual - shift);
      shift = Math.max(0, Math.min(cap, shift + Math.max(-rate, Math.min(rate, wanted))));
    }
    return adapted;
  };
}

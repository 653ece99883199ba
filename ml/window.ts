/**
 * A stretch of readings given to a detector. `times[i]` and `values[i]` belong to `signals[i]`; times in ms (any origin,
 * one for all signals), null where the instrument had nothing to say.
 */
export interface Window {
  signals: string[];
  times: number[][];
  values: (number | null)[][];
}

/** The samples of a few seconds, per signal, nulls dropped, times in seconds from the first sample of the window. */
export interface Stretch {
  times: number[][];
  values: number[][];
  /** When it ends, in the window's times. */
  end: number;
}

/** Values are cut off here: a hostile 1e300 must not overflow to a score that compares as false. */
const BEYOND = 1e9;

/**
 * Cuts a window into overlapping stretches of `lengthMs`, beginning every `strideMs` from the window's first sample; only
 * whole stretches (the last may miss its final half stride) that hold a sample. A window shorter than one stretch gives
 * none: too little was said to judge.
 *
 * @throws RangeError where signals, times and values do not match (the caller's fault)
 */
export function cutStretches(window: Window, lengthMs: number, strideMs: number): Stretch[] {
  const { signals, times, values } = window;
  const { first, whole } = extentOf(window, lengthMs, strideMs);
  const stretches = new Map<number, Stretch>();
  for (let i = 0; i < signals.length; i++) {
    const own = times[i]!;
    for (let j = 0; j < own.length; j++) {
      const value = values[i]![j];
      if (value === null || value === undefined || !Number.isFinite(value)) continue;
      const offset = own[j]! - first;
      // A sample belongs to every stretch that covers it; visiting samples, not the clock, keeps sparse windows cheap.
      for (let k = Math.floor(offset / strideMs); k >= 0 && offset - k * strideMs < lengthMs; k--) {
        if (k >= whole) continue;
        let stretch = stretches.get(k);
        if (!stretch) {
          const end = first + k * strideMs + lengthMs;
          stretch = { times: signals.map(() => []), values: signals.map(() => []), end };
          stretches.set(k, stretch);
        }
        stretch.times[i]!.push(offset / 1000);
        stretch.values[i]!.push(Math.min(Math.max(value, -BEYOND), BEYOND));
      }
    }
  }
  return [...stretches.entries()].sort((a, b) => a[0] - b[0]).map((entry) => entry[1]);
}

/** How many whole stretches that end after `from` the window's time has room for, with samples in them or not. */
export function countStretches(window: Window, lengthMs: number, strideMs: number, from = -Infinity): number {
  const { first, whole } = extentOf(window, lengthMs, strideMs);
  const before = Math.floor((from - first - lengthMs) / strideMs) + 1;
  return whole - Math.min(Math.max(before, 0), whole);
}

function extentOf(window: Window, lengthMs: number, strideMs: number): { first: number; whole: number } {
  const { signals, times, values } = window;
  if (times.length !== signals.length || values.length !== signals.length)
    throw new RangeError(`window of ${signals.length} signals has ${times.length} times and ${values.length} values`);
  let first = Infinity;
  let last = -Infinity;
  for (const [i, own] of times.entries()) {
    if (own.length !== values[i]!.length) throw new RangeError(`signal ${signals[i]} has unequal times and values`);
    for (const t of own) {
      if (t < first) first = t;
      if (t > last) last = t;
    }
  }
  const begins = Math.floor((last - first - lengthMs + strideMs / 2) / strideMs);
  return { first, whole: Number.isFinite(begins) ? Math.max(begins + 1, 0) : 0 };
}

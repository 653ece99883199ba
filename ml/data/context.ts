import type { Frame } from "./frame.ts";
import type { Stretch } from "./stretches.ts";

/** How far to look back, and which signals, by their place in the frame. */
export interface Context {
  readonly width: number;
  readonly signals: readonly number[];
}

const MOST_SIGNALS = 64;

/** The signals whose past is worth its room: all of them where they are few, else first those that are more than on and off. */
export function signalsWithPast({ values }: Frame, rows: Int32Array): number[] {
  const all = [...values.keys()];
  if (all.length <= MOST_SIGNALS) return all;
  const isMoving = (own: Float64Array): boolean => {
    const seen = new Set<number>();
    return rows.some((row) => seen.add(own[row]!).size > 3);
  };
  return all.filter((signal) => isMoving(values[signal]!)).slice(0, MOST_SIGNALS);
}

/**
 * The past beside the present: for each signal its step from the row before, and its mean and spread over the last `width`
 * rows, this one included. Only what came before in the same stretch is looked at, so a row's values never change later and
 * none reaches into another file, device or pause. `width` 0 leaves the frame as it is.
 */
export function addContext(frame: Frame, { width, signals: chosen }: Context): Frame {
  if (width === 0) return frame;
  const signals = [...frame.signals];
  const values = [...frame.values];
  chosen.forEach((n) => {
    const signal = frame.signals[n]!;
    const { step, mean, spread } = pastOf(frame.values[n]!, frame, width);
    signals.push(`${signal} step`, `${signal} mean ${width}`, `${signal} spread ${width}`);
    values.push(step, mean, spread);
  });
  return { ...frame, signals, values };
}

function pastOf(own: Float64Array, { rows, stretches }: Frame, width: number) {
  const [step, mean, spread] = [0, 1, 2].map(() => new Float64Array(rows).fill(NaN)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const stretch of stretches)
    for (let at = 0; at < stretch.length; at++) {
      const row = stretch[at]!;
      [step[row], mean[row], spread[row]] = pastAt(own, stretch, at, width);
    }
  return { step, mean, spread };
}

function pastAt(own: Float64Array, stretch: Stretch, at: number, width: number): [number, number, number] {
  const step = at === 0 ? 0 : own[stretch[at]!]! - own[stretch[at - 1]!]!;
  let [count, sum] = [0, 0];
  const from = Math.max(0, at - width + 1);
  for (let k = from; k <= at; k++) {
    const value = own[stretch[k]!]!;
    if (Number.isNaN(value)) continue;
    count += 1;
    sum += value;
  }
  if (count === 0) return [step, NaN, NaN];
  const middle = sum / count;
  let squares = 0;
  for (let k = from; k <= at; k++) {
    const value = own[stretch[k]!]!;
    if (!Number.isNaN(value)) squares += (value - middle) ** 2;
  }
  return [step, middle, Math.sqrt(squares / count)];
}

/** The last rows of a stretch, as a frame that can be looked at like the whole one. */
export interface RecentRows {
  /** Takes a row; gives the rows that are still known, this one last. */
  push(row: Float64Array): Frame;
}

/** Keeps the last `most` rows of these signals. */
export function keepRecent(signals: readonly string[], most: number): RecentRows {
  let rows: Float64Array[] = [];
  return {
    push(row) {
      rows = [...rows.slice(Math.max(0, rows.length - most + 1)), row.slice()];
      const values = signals.map((_, n) => Float64Array.from(rows, (own) => own[n]!));
      return { signals, values, rows: rows.length, stretches: [Int32Array.from(rows.keys())] };
    },
  };
}

/** The last row of a frame of one stretch, with its past beside it: as `addContext` gives it. */
export function lastWithContext(recent: Frame, { width, signals: chosen }: Context): Frame {
  const at = recent.rows - 1;
  const [stretch] = recent.stretches as [Stretch];
  const past = width === 0 ? [] : chosen.flatMap((n) => pastAt(recent.values[n]!, stretch, at, width));
  const values = [...recent.values.map((own) => own[at]!), ...past].map((value) => Float64Array.of(value));
  return { signals: recent.signals, values, rows: 1, stretches: [Int32Array.of(0)] };
}

/** `averageScores`, score by score. */
export function createAverage(length: number): (score: number) => number {
  let scores: number[] = [];
  return (score) => {
    if (length <= 1) return score;
    scores = [...scores.slice(Math.max(0, scores.length - length + 1)), score];
    return scores.reduce((sum, own) => sum + own, 0) / scores.length;
  };
}

/** Scores averaged over the last `length` rows of their stretch: an attack that lasts stands out, one odd row does not. */
export function averageScores(scores: Float64Array, stretches: Frame["stretches"], length: number): Float64Array {
  if (length <= 1) return scores;
  const averaged = new Float64Array(scores.length);
  for (const stretch of stretches)
    for (let at = 0; at < stretch.length; at++) {
      const from = Math.max(0, at - length + 1);
      let sum = 0;
      for (let k = from; k <= at; k++) sum += scores[stretch[k]!]!;
      averaged[stretch[at]!] = sum / (at - from + 1);
    }
  return averaged;
}

/** The stretch of each row, and its place in it. */
export function placesOf({
  rows,
  stretches,
}: Frame): (row: number) => { readonly stretch: Stretch; readonly at: number } {
  const [stretchOf, placeOf] = [new Int32Array(rows), new Int32Array(rows)];
  stretches.forEach((stretch, n) =>
    stretch.forEach((row, at) => {
      stretchOf[row] = n;
      placeOf[row] = at;
    }),
  );
  return (row) => ({ stretch: stretches[stretchOf[row]!]!, at: placeOf[row]! });
}

/** The rows over which a row's score was averaged. */
export function rowsBefore(frame: Frame, average: number): (row: number) => Int32Array {
  const placeOf = placesOf(frame);
  return (row) => {
    const { stretch, at } = placeOf(row);
    return stretch.subarray(Math.max(0, at - average + 1), at + 1);
  };
}

import type { Frame } from "./frame.ts";
import type { Stretch } from "./stretches.ts";

export const isRising = (values: readonly number[]): boolean =>
  values.every((each, n) => n === 0 || each > values[n - 1]!);

/** From this correlation on a signal is like itself a row before; less comes about by accident in short tables. */
const LEAST_ALIKE = 0.2;
/** Rows follow one another where this share of the signals are. */
const LEAST_SHARE = 0.1;
/** Fewer pairs of rows tell nothing. */
const LEAST_PAIRS = 50;

/**
 * Whether rows follow one another, as when they were measured one after another: whether enough signals are like themselves a row
 * before. In a table that was shuffled, or never had an order, nothing can be learned from the row before.
 */
export function hasOrder({ values, stretches }: Pick<Frame, "values" | "stretches">): boolean {
  const alike = values.filter((own) => followsItself(own, stretches)).length;
  return isOrder(alike, values.length);
}

/** Whether so many signals that follow themselves make an order of rows. */
export const isOrder = (following: number, signals: number): boolean => following >= LEAST_SHARE * Math.max(1, signals);

/** Whether a signal is like itself a row before, among rows for which `isIn` is 1: by the correlation of neighbours. */
export function followsItself(own: Float64Array, stretches: readonly Stretch[], isIn?: Uint8Array): boolean {
  let [n, x, y, xx, yy, xy] = [0, 0, 0, 0, 0, 0];
  for (const stretch of stretches)
    for (let at = 1; at < stretch.length; at++) {
      const [before, now] = [stretch[at - 1]!, stretch[at]!];
      if (isIn !== undefined && (isIn[before] === 0 || isIn[now] === 0)) continue;
      const [a, b] = [own[before]!, own[now]!];
      if (Number.isNaN(a) || Number.isNaN(b)) continue;
      n += 1;
      x += a;
      y += b;
      xx += a * a;
      yy += b * b;
      xy += a * b;
    }
  const spread = Math.sqrt(Math.max(0, xx - (x * x) / n) * Math.max(0, yy - (y * y) / n));
  return n > LEAST_PAIRS && spread > 0 && (xy - (x * y) / n) / spread > LEAST_ALIKE;
}

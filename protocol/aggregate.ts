import type { Segment } from "./device-model.ts";
import type { Disclosure } from "./disclosure.ts";
import { discreteLaplace, type Uniform } from "./discrete-laplace.ts";
import type { AggregateName } from "./manifest.ts";
import { sensitivity, toThousandths, type Bounds, type Noise } from "./noise.ts";

/** What is told of a segment in an interval; null where it has no sample. */
export type Aggregates = Readonly<Partial<Record<AggregateName, number | null>>>;

/** Where the interval begins that a time lies in; both in ms. */
export function gridStart(at: number, interval: number): number {
  return Math.floor(at / interval) * interval;
}

/** A disclosure's measured values: without what is null and what by the device model means something else than a measure. */
export function measured(disclosure: Pick<Disclosure, "v">, { codes = {} }: Pick<Segment, "codes">): number[] {
  return disclosure.v.filter((value): value is number => value !== null && !Object.hasOwn(codes, String(value)));
}

/** Aggregates of the samples of an interval, reading by reading. */
export function aggregate(readings: readonly (readonly number[])[], show: readonly AggregateName[]): Aggregates {
  let [count, sum, min, max] = [0, 0, Infinity, -Infinity];
  for (const values of readings) {
    for (const value of values) {
      count += 1;
      sum += value;
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
  }
  const some = (value: number): number | null => (count === 0 ? null : value);
  const all = { mean: some(sum / count), min: some(min), max: some(max), count };
  return Object.fromEntries(show.map((name) => [name, all[name]]));
}

/**
 * The sum behind a noised mean, in half steps from the middle of the clamp: of each of the first `denominator` readings its
 * mean, clamped and rounded. A reading without samples counts for the middle. A whole number, whatever the samples are.
 */
export function clampedSum(readings: readonly (readonly number[])[], bounds: Bounds): number {
  const { clamp, scale, denominator } = bounds;
  const [low, high] = [clamp[0] * scale, clamp[1] * scale];
  return readings.slice(0, denominator).reduce((sum, values) => {
    if (values.length === 0) return sum;
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    const steps = Number.isFinite(mean) ? Math.round(mean * scale) : low;
    return sum + 2 * Math.min(Math.max(steps, low), high) - (low + high);
  }, 0);
}

/** The mean that a sum (with its noise) stands for, in the segment's unit. */
export function meanOf(sum: number, { clamp: [low, high], scale, denominator }: Bounds): number {
  return (low + high) / 2 + sum / (2 * scale * denominator);
}

/** The clamped mean of an interval with its noise, drawn now: keep it, because a second draw would tell more. */
export function noisedMean(
  readings: readonly (readonly number[])[],
  { epsilon, unit }: Pick<Noise, "epsilon" | "unit">,
  bounds: Bounds,
  uniform: Uniform,
): number {
  const t = BigInt(sensitivity(bounds, unit)) * 1_000n;
  const drawn = discreteLaplace(t, BigInt(toThousandths(epsilon)), uniform);
  return meanOf(Number(BigInt(clampedSum(readings, bounds)) + drawn), bounds);
}

/**
 * Stretch → numbers, for any signals, in two groups that are learnt apart, because a slipping probe shakes the second and
 * must not blunt the first:
 *
 * - level: the mean of each signal, and the difference of means of each pair in one unit
 * - motion: slope per second and root of the spread of each signal
 *
 * Only + − × ÷ √ are used: IEEE 754 rounds those alike everywhere, so honest judges agree to the last bit.
 */
import type { Stretch } from "./window.ts";

/** Two signals in one unit. */
export type SignalPair = [a: string, b: string];

export const FEATURE_GROUPS = ["level", "motion"] as const;
export type FeatureGroup = (typeof FEATURE_GROUPS)[number];

/** Fewer samples than this tell nothing of slope and spread. */
const ENOUGH = 3;

/** Which signals each feature of a group speaks of, as indices; a difference speaks of two. */
export function featureSignals(group: FeatureGroup, signals: string[], pairs: SignalPair[]): number[][] {
  if (group === "motion") return signals.flatMap((_, i) => [[i], [i]]);
  return [...signals.map((_, i) => [i]), ...pairs.map((pair) => pair.map((name) => signals.indexOf(name)))];
}

/** True where more than half of the signals have enough samples: less is too little to call a stretch clear by. */
export const isTelling = ({ values }: Stretch): boolean =>
  2 * values.filter((own) => own.length >= ENOUGH).length > values.length;

/** The features of one group; NaN marks what cannot be known (no sample, too few, no extent in time). */
export function extractFeatures(
  group: FeatureGroup,
  stretch: Stretch,
  signals: string[],
  pairs: SignalPair[],
): Float64Array {
  return group === "level" ? levelOf(stretch, signals, pairs) : motionOf(stretch, signals.length);
}

function meanOf(values: number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return values.length === 0 ? NaN : sum / values.length;
}

function levelOf(stretch: Stretch, signals: string[], pairs: SignalPair[]): Float64Array {
  const features = new Float64Array(signals.length + pairs.length);
  for (let i = 0; i < signals.length; i++) features[i] = meanOf(stretch.values[i]!);
  for (const [k, [a, b]] of pairs.entries())
    features[signals.length + k] = features[signals.indexOf(a)]! - features[signals.indexOf(b)]!;
  return features;
}

function motionOf(stretch: Stretch, count: number): Float64Array {
  const features = new Float64Array(2 * count).fill(NaN);
  for (let i = 0; i < count; i++) {
    const values = stretch.values[i]!;
    const times = stretch.times[i]!;
    if (values.length < ENOUGH) continue;
    const mean = meanOf(values);
    const middle = meanOf(times);
    let variance = 0;
    let across = 0;
    let extent = 0;
    for (let j = 0; j < values.length; j++) {
      const v = values[j]! - mean;
      const t = times[j]! - middle;
      variance += v * v;
      across += t * v;
      extent += t * t;
    }
    if (extent > 0) features[2 * i] = across / extent;
    // The root of the spread is less skewed than the spread, and still 0 for a frozen value.
    features[2 * i + 1] = Math.sqrt(Math.sqrt(variance / values.length));
  }
  return features;
}

import { extractFeatures, type SignalPair } from "../../features.ts";
import type { Stretch } from "../../window.ts";

/** What is seen of a device. */
export interface Seen {
  readonly signals: readonly string[];
  readonly pairs: readonly SignalPair[];
}

/** A stretch as numbers, those of each group side by side; NaN where unknown. */
export interface Row {
  readonly level: Float64Array;
  readonly motion: Float64Array;
}

export function extractRow({ signals, pairs }: Seen, stretch: Stretch): Row {
  const [own, pairwise] = [signals as string[], pairs as SignalPair[]];
  return {
    level: extractFeatures("level", stretch, own, pairwise),
    motion: extractFeatures("motion", stretch, own, pairwise),
  };
}

/**
 * Names of a row's columns, as a table of rows has them: each signal's level, then slope and spread of each. Differences between
 * signals are left out: whoever saw them would explain each signal by the other and their difference, whatever it says.
 */
export const columnsOf = (signals: readonly string[]): string[] => [
  ...signals,
  ...signals.flatMap((signal) => [`slope of ${signal}`, `spread of ${signal}`]),
];

/** A row's numbers in the order of its columns; NaN where unknown. */
export function toColumns({ level, motion }: Row): Float64Array {
  const signals = motion.length / 2;
  const values = new Float64Array(signals + motion.length);
  values.set(level.subarray(0, signals));
  values.set(motion, signals);
  return values;
}

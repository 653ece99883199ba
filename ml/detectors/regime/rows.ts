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

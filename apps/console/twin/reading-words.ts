import { toClock } from "../fleet/age.ts";
import { FLAG_WORDS, orderFlags } from "./flag-mark.tsx";
import type { Samples, Standing, TwinReading } from "./read-reading.ts";

/** The newest value of a segment with its unit; a lost or absent one is a dash, never a zero. */
export function toValue(samples: Samples | undefined): string {
  const value = samples?.v.at(-1);
  return value === undefined || value === null ? "–" : `${value} ${samples?.unit ?? ""}`;
}

/** A reading in one sentence, for those who cannot see the chart. */
export function toWords(reading: TwinReading, segments: readonly string[], standing: Standing): string {
  const { sequence, from, gap, samples, flags } = reading;
  return [
    `reading ${sequence}`,
    toClock(from),
    ...segments.map((segment) => `${segment} ${toValue(samples.get(segment))}`),
    standing,
    ...orderFlags(flags).map((flag) => FLAG_WORDS[flag].words),
    ...(gap === null ? [] : [`${gap.to - gap.from + 1} lost before it`]),
  ].join(", ");
}

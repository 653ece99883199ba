import type { TwinReading } from "./read-reading.ts";

/** Samples of one segment as a chart wants them: times (ms) and values; null where the line breaks. */
export interface Series {
  readonly x: number[];
  readonly y: (number | null)[];
}

/** A stretch (ms) that is marked across the whole chart. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly kind: "gap" | "mismatch";
}

/** Whether something is missing between two readings that follow each other: lost sequences, or a whole period. */
export function breaksBefore(reading: TwinReading, previous: TwinReading): boolean {
  return reading.gap !== null || reading.from - previous.until > reading.until - reading.from;
}

/** All samples of a segment. The line breaks where a value, a sequence or a period is missing: nothing is drawn over it. */
export function toSeries(readings: readonly TwinReading[], segment: string): Series {
  const x: number[] = [];
  const y: (number | null)[] = [];
  let previous: TwinReading | undefined;
  for (const reading of readings) {
    if (previous !== undefined && breaksBefore(reading, previous)) {
      x.push(previous.until);
      y.push(null);
    }
    previous = reading;
    const found = reading.samples.get(segment);
    if (found === undefined) continue;
    for (let i = 0; i < found.t.length; i++) {
      x.push(reading.from + (found.t[i] ?? 0));
      y.push(found.v[i] ?? null);
    }
  }
  return { x, y };
}

/** Where readings are missing, and where one is not what it claims. */
export function toSpans(readings: readonly TwinReading[], isMismatch: (reading: TwinReading) => boolean): Span[] {
  return readings.flatMap((reading, index): Span[] => {
    const previous = readings[index - 1];
    const missing =
      previous !== undefined && breaksBefore(reading, previous)
        ? [{ from: previous.until, to: reading.from, kind: "gap" } as const]
        : [];
    const wrong = isMismatch(reading) ? [{ from: reading.from, to: reading.until, kind: "mismatch" } as const] : [];
    return [...missing, ...wrong];
  });
}

import type { TwinReading } from "./read-reading.ts";

/** Index of the reading whose period holds a time (ms), or whose period lies nearest; -1 where there are none. */
export function nearestReading(readings: readonly TwinReading[], time: number): number {
  let low = 0;
  let high = readings.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((readings[middle]?.until ?? 0) <= time) low = middle + 1;
    else high = middle;
  }
  const after = readings[low];
  const before = readings[low - 1];
  if (after === undefined) return readings.length - 1;
  if (before === undefined || time >= after.from) return low;
  return time - before.until < after.from - time ? low - 1 : low;
}

import type { TwinReading } from "./read-reading.ts";

/**
 * What is held with what came in: a newer answer about a sequence replaces the older one, and what ended before `cutoff`
 * (ms) is let go. Both lists and the result are in order of sequence.
 */
export function mergeReadings(
  held: readonly TwinReading[],
  came: readonly TwinReading[],
  cutoff: number,
): readonly TwinReading[] {
  const first = came[0]?.sequence ?? Infinity;
  const last = came.at(-1)?.sequence ?? -Infinity;
  const before = held.filter(({ sequence }) => sequence < first);
  const after = held.filter(({ sequence }) => sequence > last && sequence > first);
  return [...before, ...came, ...after].filter(({ until }) => until > cutoff);
}

/** From which sequence on the next answer can say something new; undefined where nothing is held. */
export function unsettledFrom(held: readonly TwinReading[]): number | undefined {
  const last = held.at(-1);
  if (last === undefined) return undefined;
  return held.find(({ state }) => state !== "anchored")?.sequence ?? last.sequence + 1;
}

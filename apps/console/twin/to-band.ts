import type { Flag } from "../../../protocol/index.ts";
import { STANDINGS, type Standing, type TwinReading } from "./read-reading.ts";

/** A slot of the band below the chart: what stands for all readings that end in it. */
export interface Slot {
  /** The standing that most needs a look; undefined where no reading is. */
  readonly standing?: Standing;
  readonly flags: readonly Flag[];
  /** Sequences that were never accepted before readings of this slot. */
  readonly lost: number;
  readonly readings: number;
}

/** What a band shows: [from, to) in ms, cut into equal slots. */
export interface BandFrame {
  readonly from: number;
  readonly to: number;
  readonly slots: number;
}

/**
 * Gathers readings into slots, because thousands of marks do not fit beside each other. A slot never looks better than
 * its worst reading: mismatch before accepted before sealed before anchored.
 */
export function toBand(
  readings: readonly TwinReading[],
  standing: (reading: TwinReading) => Standing,
  { from, to, slots }: BandFrame,
): Slot[] {
  const band = Array.from({ length: slots }, () => ({ worst: Infinity, flags: new Set<Flag>(), lost: 0, readings: 0 }));
  for (const reading of readings) {
    const slot = band[Math.floor(((reading.from - from) / (to - from)) * slots)];
    if (slot === undefined) continue;
    slot.worst = Math.min(slot.worst, STANDINGS.indexOf(standing(reading)));
    slot.readings += 1;
    for (const flag of reading.flags) slot.flags.add(flag);
    if (reading.gap !== null) slot.lost += reading.gap.to - reading.gap.from + 1;
  }
  return band.map(({ worst, flags, lost, readings: count }) => {
    const found = STANDINGS[worst];
    return { ...(found === undefined ? {} : { standing: found }), flags: [...flags], lost, readings: count };
  });
}

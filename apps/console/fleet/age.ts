import type { FleetDevice } from "./read-devices.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Data older than this (ms) is marked as old. Devices report every few seconds; a minute of silence is worth a look. */
export const OLD_AFTER = MINUTE;

/** An age (ms) in the two largest units that say something: `3 s`, `4 min 10 s`, `2 h 05 min`, `3 d 4 h`. */
export function toAge(milliseconds: number): string {
  const age = Math.max(0, milliseconds);
  if (age < MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < HOUR) return `${Math.floor(age / MINUTE)} min ${two((age % HOUR) % MINUTE, SECOND)} s`;
  if (age < DAY) return `${Math.floor(age / HOUR)} h ${two(age % HOUR, MINUTE)} min`;
  return `${Math.floor(age / DAY)} d ${Math.floor((age % DAY) / HOUR)} h`;
}

/**
 * When the newest data is from (ms): the end of its reading's period. A device's clock may be ahead, but nothing can have been
 * measured after it was accepted. Null where there is none.
 */
export function dataTime({ acceptedAt, until }: Pick<FleetDevice, "acceptedAt" | "until">): number | null {
  return acceptedAt === null || until === null ? acceptedAt : Math.min(acceptedAt, until);
}

function two(rest: number, unit: number): string {
  return String(Math.floor(rest / unit)).padStart(2, "0");
}

/** A time (ms) of the server's as `14:03:12` of the reader's own clock zone. */
export function toClock(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString(undefined, { hour12: false });
}

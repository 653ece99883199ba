/** Windows of a simulated bed, as an oracle would see them: up to ten readings of one second, two samples each. */
import type { Window } from "../ml/window.ts";
import { SAMPLE_SECONDS, type Bedside } from "./bedside.ts";
import type { FalseDataAttack } from "./attacks/false-data.ts";
import { SEGMENTS, type Sample } from "./sample.ts";

/** Readings in a full window: one round of ten batches sealed once a second. */
export const WINDOW_READINGS = 10;

/** A window of these samples, half a second apart from `start` (ms). */
export function toWindow(samples: Sample[], start: number): Window {
  const times = samples.map((_, i) => start + i * 1000 * SAMPLE_SECONDS);
  return {
    signals: [...SEGMENTS],
    times: SEGMENTS.map(() => times),
    values: SEGMENTS.map((segment) => samples.map((sample) => sample[segment])),
  };
}

/** The next `count` windows of a bed, one after the other, beginning at `start` (ms); what the attack changes is changed. */
export function recordWindows(bed: Bedside, count: number, start = 0, attack?: FalseDataAttack): Window[] {
  const windows: Window[] = [];
  const perWindow = WINDOW_READINGS / SAMPLE_SECONDS;
  for (let w = 0; w < count; w++) {
    const from = start + w * WINDOW_READINGS * 1000;
    const samples: Sample[] = [];
    for (let i = 0; i < perWindow; i++) {
      const { sample } = bed.next();
      const at = from + i * 1000 * SAMPLE_SECONDS;
      samples.push(attack ? attack.falsify(sample, at) : sample);
    }
    windows.push(toWindow(samples, from));
  }
  return windows;
}

/** Lets a bed go on for some seconds unseen. */
export function skipTime(bed: Bedside, seconds: number): void {
  for (let t = 0; t < seconds; t += SAMPLE_SECONDS) bed.next();
}

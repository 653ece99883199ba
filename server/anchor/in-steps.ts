import { setImmediate as othersFirst, setTimeout as pause } from "node:timers/promises";

/** Leaves at once: embedded, the database answers on our own thread, here in some 4 ms. */
const STEP = 512;

/**
 * Works through leaves [first, first + count), some at a time. Between two steps it rests as long as the one before took, so that
 * readings that come in meanwhile have half of the time to themselves.
 */
export async function inSteps(
  first: number,
  count: number,
  work: (from: number, until: number) => Promise<void>,
): Promise<void> {
  const end = first + count;
  for (let from = first; from < end; from += STEP) {
    const began = performance.now();
    await work(from, Math.min(from + STEP, end));
    if (from + STEP < end) await pause(performance.now() - began);
    else await othersFirst();
  }
}

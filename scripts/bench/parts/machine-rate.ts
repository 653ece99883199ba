import type { BareRate } from "./bare-rate.ts";
import { startWorker } from "./talk.ts";

const BARE_MS = 700;

/** The machine's own limit, to be asked while nothing else is measured. */
export interface Machine {
  rate(): Promise<BareRate>;
  close(): Promise<void>;
}

/** Starts the process that verifies bare ES256 signatures on every core for most of a second, each time that it is asked. */
export function startMachine(): Machine {
  const worker = startWorker(new URL("./bare-rate.ts", import.meta.url));
  return { rate: () => worker.ask<BareRate>(BARE_MS), close: () => worker.close() };
}

/** Bare verifications a second on all cores, the mean of before and after. */
export function meanRate(before: BareRate, after: BareRate): number {
  return Math.round((before.perSecond + after.perSecond) / 2);
}

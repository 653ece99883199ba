import { setTimeout as wait } from "node:timers/promises";

/** Time, for loops that wait. What they do then depends on nothing else, so that a simulated clock runs them just the same. */
export interface Clock {
  /** Milliseconds since some moment; never goes back, whatever is done to the machine's wall clock. */
  now(): number;
  pause(ms: number): Promise<void>;
  /** Acts after `ms`, unless what it returns is called before. */
  after(ms: number, act: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  pause: async (ms) => {
    await wait(ms);
  },
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    return () => clearTimeout(timer);
  },
};

import type { Clock } from "../../../server/chain/clock.ts";

/** A clock that goes only when it is told to, from timer to timer; all that can be done at one moment is done at it. */
export class VirtualClock implements Clock {
  #now = 0;
  #made = 0;
  #timers: { readonly at: number; readonly n: number; readonly act: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  after(ms: number, act: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), n: this.#made++, act };
    // Kept in order: binary insertion.
    let [low, high] = [0, this.#timers.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.at ?? 0) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Goes on until `done`, at most until `limit`; true when it was done. */
  async run(limit: number, done: () => boolean = () => false): Promise<boolean> {
    for (;;) {
      // Everything that waits for a promise only goes on before these resolve, and so does what waits for a turn of the
      // event loop: the placer does, and then the committer.
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (done()) return true;
      const next = this.#timers[0];
      if (next === undefined || next.at > limit) {
        this.#now = limit;
        return false;
      }
      this.#timers.shift();
      this.#now = next.at;
      next.act();
    }
  }
}

/** One process's share of the clock: once the process is dead, nothing that it waited for ever happens. */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  isDead = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  after(ms: number, act: () => void): () => void {
    return this.#clock.after(ms, () => {
      if (!this.isDead) act();
    });
  }
}

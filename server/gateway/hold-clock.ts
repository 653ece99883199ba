/** When held readings came in, by the wall clock: those at `before` or earlier, or after `after`, have waited long enough. */
export interface Waited {
  readonly before: number;
  readonly after: number;
}

export const hasWaited = (receivedAt: number, { before, after }: Waited): boolean =>
  receivedAt <= before || receivedAt > after;

/** Two looks at both clocks are never quite at the same time, and a wall clock is trimmed all day, ms. */
const SAME_MS = 1_000;

/**
 * How long a reading is held is judged by a clock that nobody puts forward or back, though what is stored is the wall clock's
 * time: put forward by an hour it would end every wait at once, put back it would end none for an hour. So whatever the wall
 * clock said of now within the last `holdMs` is remembered, and a reading waits for the most patient of it.
 */
export class HoldClock {
  readonly #now: () => number;
  readonly #steady: () => number;
  readonly #holdMs: number;
  /** Wall clock minus steady clock, ms; `until` when it need not be remembered any more, by the steady one. */
  #offsets: { offset: number; until: number }[] = [];

  constructor(now: () => number, steady: () => number, holdMs: number) {
    this.#now = now;
    this.#steady = steady;
    this.#holdMs = holdMs;
  }

  /** Call it often while anything is held: a step is found when it is asked. */
  waited(): Waited {
    const at = this.#steady();
    const offset = this.#now() - at;
    const last = this.#offsets.at(-1);
    if (last && Math.abs(last.offset - offset) < SAME_MS) {
      last.offset = offset;
    } else {
      // What came in a moment ago, by the clock as it was, waits as long as everything.
      if (last) last.until = at + this.#holdMs;
      this.#offsets.push({ offset, until: Infinity });
    }
    this.#offsets = this.#offsets.filter(({ until }) => until > at);
    const all = this.#offsets.map((known) => known.offset);
    // Another gateway's clock may be ahead of ours by a little; what is further ahead no clock here has ever said.
    return { before: at + Math.min(...all) - this.#holdMs, after: at + Math.max(...all) + this.#holdMs };
  }
}

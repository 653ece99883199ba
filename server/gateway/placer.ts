import type { KeyStore } from "../keys/key-store.ts";
import { withKeys } from "../keys/with-keys.ts";
import type { Committer } from "../store/committer.ts";
import type { HoldClock } from "./hold-clock.ts";
import { placeReadings, type Candidate, type Placing, type Settled } from "./place-readings.ts";
import type { Reopened } from "./reopen.ts";

export interface PlacerParts {
  readonly committer: Committer;
  readonly keys: KeyStore;
  readonly scopesOf: Placing["scopesOf"];
  readonly maxHeld: number;
  readonly holdClock: HoldClock;
  /** Other processes place readings of the same devices, and hold some: the table is looked at every time. */
  readonly shared?: boolean;
  /** Verifies again what these candidates may release. Nobody else places: nothing is held or let go meanwhile. */
  readonly reopen: (candidates: readonly Candidate[]) => Promise<Reopened>;
}

interface Waiting {
  readonly candidates: readonly Candidate[];
  readonly resolve: (settled: Settled) => void;
  readonly reject: (reason: unknown) => void;
}

/** Readings of one work at most: with their sealed bytes a few megabytes. */
const MOST_AT_ONCE = 1_024;

/** Brings authentic readings of all requests together into one work at a time, as `placeReadings` demands. */
export class Placer {
  readonly #parts: PlacerParts;
  readonly #queue: Waiting[] = [];
  #running: Promise<void> | undefined;
  #mayHold = true;
  #timesHeld = 0;

  constructor(parts: PlacerParts) {
    this.#parts = parts;
  }

  /** Resolves when the candidates' fate is on disk; an empty list only lets held readings expire. */
  place(candidates: readonly Candidate[]): Promise<Settled> {
    const done = new Promise<Settled>((resolve, reject) => this.#queue.push({ candidates, resolve, reject }));
    this.#running ??= this.#run();
    return done;
  }

  /** False while the table of held readings is known to have nothing of ours. */
  get mayHold(): boolean {
    return this.#mayHold;
  }

  /** Asks the table, by `isEmpty`, whether nothing is held; when something came to be held meanwhile, the answer is stale. */
  async look(isEmpty: () => Promise<boolean>): Promise<void> {
    const before = this.#timesHeld;
    if ((await isEmpty()) && before === this.#timesHeld && this.#parts.shared !== true) this.#mayHold = false;
  }

  #holds(): void {
    this.#mayHold = true;
    this.#timesHeld++;
  }

  /** Resolves when everything given to `place` is settled. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Whoever comes in this turn of the event loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const group: Waiting[] = [];
      let size = 0;
      for (let next = this.#queue[0]; next; next = this.#queue[0]) {
        if (size > 0 && size + next.candidates.length > MOST_AT_ONCE) break;
        size += next.candidates.length;
        group.push(next);
        this.#queue.shift();
      }
      await this.#settle(group);
    }
    this.#running = undefined;
  }

  async #settle(group: readonly Waiting[]): Promise<void> {
    const { committer, keys, scopesOf, maxHeld, holdClock, reopen } = this.#parts;
    try {
      const candidates = group.flatMap((waiting) => waiting.candidates);
      const waited = holdClock.waited();
      const reopened: Reopened = this.#mayHold && candidates.length > 0 ? await reopen(candidates) : new Map();
      const placing = { keys, scopesOf, candidates, waited, maxHeld, reopened };
      const settled = await withKeys(keys, () => committer.submit(placeReadings(placing)));
      // Said before the next work begins: it must know that there may be something to release.
      if (settled.fates.some(({ kind }) => kind === "held")) this.#holds();
      let at = 0;
      for (const [index, waiting] of group.entries()) {
        const fates = settled.fates.slice(at, (at += waiting.candidates.length));
        // What befell held readings is told once.
        waiting.resolve({ ...settled, fates, aside: index === 0 ? settled.aside : [] });
      }
    } catch (error) {
      // A commit whose outcome nobody knows may have held something.
      this.#holds();
      for (const waiting of group) waiting.reject(error);
    }
  }
}

import type { KeyStore } from "../keys/key-store.ts";
import type { Committer } from "../store/committer.ts";
import type { Tx } from "../store/database.ts";
import type { HeldReading } from "./held.ts";
import { placeReadings, type Candidate, type Settled } from "./place-readings.ts";

export interface PlacerParts {
  readonly committer: Committer;
  readonly keys: KeyStore;
  readonly now: () => number;
  readonly maxHeld: number;
  readonly holdMs: number;
  readonly reopen: (tx: Tx, row: HeldReading) => Promise<Candidate | undefined>;
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

  constructor(parts: PlacerParts) {
    this.#parts = parts;
  }

  /** Resolves when the candidates' fate is on disk; an empty list only lets held readings expire. */
  place(candidates: readonly Candidate[]): Promise<Settled> {
    const done = new Promise<Settled>((resolve, reject) => this.#queue.push({ candidates, resolve, reject }));
    this.#running ??= this.#run();
    return done;
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
    const { committer, keys, now, maxHeld, holdMs, reopen } = this.#parts;
    try {
      const candidates = group.flatMap((waiting) => waiting.candidates);
      const expireBefore = now() - holdMs;
      const settled = await committer.submit(placeReadings({ keys, candidates, expireBefore, maxHeld, reopen }));
      let at = 0;
      for (const [index, waiting] of group.entries()) {
        const fates = settled.fates.slice(at, (at += waiting.candidates.length));
        // What befell held readings is told once.
        waiting.resolve({ ...settled, fates, aside: index === 0 ? settled.aside : [] });
      }
    } catch (error) {
      for (const waiting of group) waiting.reject(error);
    }
  }
}

import { TwinwardError } from "../../protocol/errors.ts";

/** How much may wait for its answer at once. */
export interface BacklogLimits {
  /** Default 8 192. */
  readonly readings?: number;
  /** UTF-16 units of their texts together: what they cost in memory, more or less. Default 33 554 432. */
  readonly characters?: number;
}

/**
 * The readings that were taken in and have no answer yet, wherever they wait: for a thread, their turn, a data key or the
 * database. Counted in one place, because a limit at one of these doors only moves the crowd to the next.
 */
export class Backlog {
  readonly #limits: Required<BacklogLimits>;
  #readings = 0;
  #characters = 0;

  constructor({ readings = 8_192, characters = 33_554_432 }: BacklogLimits = {}) {
    this.#limits = { readings, characters };
  }

  /** Runs `work` for these texts, counting them until it has ended. Throws OVERLOADED at once where they are too many. */
  async hold<T>(texts: readonly string[], work: () => Promise<T>): Promise<T> {
    const characters = texts.reduce((sum, text) => sum + text.length, 0);
    if (
      this.#readings + texts.length > this.#limits.readings ||
      this.#characters + characters > this.#limits.characters
    ) {
      throw new TwinwardError("OVERLOADED");
    }
    this.#readings += texts.length;
    this.#characters += characters;
    try {
      return await work();
    } finally {
      this.#readings -= texts.length;
      this.#characters -= characters;
    }
  }
}

import type { Logger } from "pino";

type Close = () => Promise<unknown>;

/** How long after the beginning of the end a part may still take, ms. What rests on nothing but the machine comes last. */
const ROOM_WITHIN_MS = 5_000;
export const FOUNDATION_WITHIN_MS = 7_500;
/** A part whose time is over already gets so long: most need less. */
const LEAST_MS = 100;

/**
 * What was opened, and how it ends: in the opposite order, and within 8 s however much work there is. A part that takes longer
 * is passed over: everything that was promised is on disk already, and whatever it was doing is found by the next start, as
 * after a kill.
 */
export class Ending {
  readonly #log: Logger;
  readonly #parts: { readonly name: string; readonly close: Close; readonly withinMs: number }[] = [];
  readonly #stops: (() => void)[] = [];
  #last: Close | undefined;
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `withinMs` counts from the beginning of the end. */
  onClose(name: string, close: Close, withinMs = ROOM_WITHIN_MS): void {
    this.#parts.push({ name, close, withinMs });
  }

  /**
   * The very last: it lets the next process in. Left out where a part before it did not end, which may still write: then our
   * own end lets it in.
   */
  lastly(close: Close): void {
    this.#last = close;
  }

  /** Called at once when the end begins: whoever lets work in stops doing so. */
  onStop(stop: () => void): void {
    this.#stops.push(stop);
  }

  /** Opens a part that closes by itself. */
  async opened<T extends { close(): Promise<unknown> }>(
    name: string,
    opening: Promise<T>,
    withinMs?: number,
  ): Promise<T> {
    const part = await opening;
    this.onClose(name, () => part.close(), withinMs);
    return part;
  }

  get hasBegun(): boolean {
    return this.#closing !== undefined;
  }

  /** Asked twice, it ends once. Never rejects: what goes wrong is logged. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const began = performance.now();
    for (const stop of this.#stops) stop();
    for (const { name, close, withinMs } of this.#parts.toReversed()) {
      const left = Math.max(LEAST_MS, withinMs - (performance.now() - began));
      if (!(await this.#closeOne(name, close, left)) && withinMs === FOUNDATION_WITHIN_MS) this.#last = undefined;
    }
    if (this.#last) await this.#closeOne("lock", this.#last, LEAST_MS);
    this.#log.info({ ms: Math.round(performance.now() - began) }, "ended");
  }

  async #closeOne(name: string, close: Close, withinMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), withinMs);
    });
    try {
      const how = await Promise.race([close(), late]);
      if (how === "late") this.#log.warn({ part: name }, "a part did not end in time; it is passed over");
      return how !== "late";
    } catch (error) {
      this.#log.error({ part: name, error }, "a part did not close");
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}

import type { Hex } from "../../protocol/bytes.ts";
import type { Database } from "../store/database.ts";
import { readHeads } from "../store/read-readings.ts";

/** How often is looked for new readings while somebody waits for some, ms: by so much a live stream is late. */
export const LOOK_EVERY_MS = 200;

/** How far devices have come, for whoever waits for them. */
export interface Heads {
  /** From now on is looked after this device, until the result is called. */
  follow(device: Hex): () => void;
  /** The highest sequence of a device that is followed, 0 before its first; undefined where nobody could look. */
  of(device: Hex): number | undefined;
  /** Resolves within LOOK_EVERY_MS, after the next look where the database answers in time. */
  looked(): Promise<void>;
  close(): void;
}

/**
 * One look for all that wait, into the database: so a reading is seen also where another gateway of the same database has
 * accepted it. Nobody waits, nothing is asked.
 */
export function createHeads(database: Pick<Database, "query" | "script">): Heads {
  const followed = new Map<Hex, { times: number; head: number | undefined }>();
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let closed = false;

  async function look(): Promise<void> {
    looking = true;
    try {
      const heads = await readHeads(database, [...followed.keys()]);
      for (const [device, one] of followed) one.head = heads.get(device)?.sequence ?? 0;
    } catch {
      // Whoever waits asks the database for itself, and is told why it cannot be asked.
      for (const one of followed.values()) one.head = undefined;
    } finally {
      looking = false;
    }
  }

  function tick(): void {
    const done = looking || followed.size === 0 ? undefined : look();
    // A database that does not answer holds up nobody who has to look whether they may go on.
    const woken = waiting;
    waiting = [];
    const wake = (): void => woken.forEach((resolve) => resolve());
    const late = setTimeout(wake, done ? LOOK_EVERY_MS : 0);
    void done?.then(() => {
      clearTimeout(late);
      wake();
    });
    timer = followed.size > 0 && !closed ? setTimeout(tick, LOOK_EVERY_MS) : undefined;
  }

  return {
    follow(device) {
      const one = followed.get(device) ?? { times: 0, head: undefined };
      followed.set(device, { ...one, times: one.times + 1 });
      timer ??= closed ? undefined : setTimeout(tick, 0);
      return () => {
        const left = followed.get(device);
        if (left && left.times > 1) followed.set(device, { ...left, times: left.times - 1 });
        else followed.delete(device);
      };
    },
    of: (device) => followed.get(device)?.head,
    looked: () =>
      new Promise((resolve) => {
        if (closed) return resolve();
        waiting.push(resolve);
        timer ??= setTimeout(tick, LOOK_EVERY_MS);
      }),
    close() {
      closed = true;
      clearTimeout(timer);
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

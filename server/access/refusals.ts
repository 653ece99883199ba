import { toHex, type Hex } from "../../protocol/bytes.ts";
import type { ErrorCode } from "../../protocol/errors.ts";
import { buildRecord } from "../../protocol/record.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Committer } from "../store/committer.ts";

export interface RefusalParts {
  readonly committer: Pick<Committer, "submit">;
  readonly stream: Hex;
  /** ms. */
  readonly now: () => number;
  readonly random: (size: number) => Uint8Array;
  /** How often counts become a leaf, ms. */
  readonly every?: number;
}

export interface Refusals {
  /** Counts one denial of somebody without a session. */
  count(code: ErrorCode): void;
  /** Writes what was counted since the last leaf, if anything was. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Denials without a session: whoever is not signed in must not be able to fill the tree, so they are counted into one
 * leaf (kind 9, refusals@1) a minute. Its subject is the stream, since what was asked for is not said by anybody known.
 * What was counted and not yet written is lost with the process; it is written at a close.
 */
export function createRefusals(parts: RefusalParts): Refusals {
  const { committer, stream, now, random, every = 60_000 } = parts;
  let since = now();
  let counts = new Map<ErrorCode, number>();
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    if (counts.size === 0) {
      since = now();
      return;
    }
    // A clock that was put back must not make a stretch that ends before it begins.
    const until = Math.max(now(), since);
    const counted = counts;
    const from = since;
    since = until;
    counts = new Map();
    const { text: body, content } = buildRecord({
      format: "refusals@1",
      stream,
      at: until,
      salt: toHex(random(16)),
      from,
      until,
      counts: Object.fromEntries(counted),
    });
    try {
      await committer.submit(async () => ({
        entries: [{ kind: "record", leafKind: LEAF_KINDS.refusals, subject: stream, body, content }],
        result: () => undefined,
      }));
    } catch (error) {
      // Not durable: counted again with the next minute's.
      since = from;
      for (const [code, number] of counted) counts.set(code, (counts.get(code) ?? 0) + number);
      throw error;
    }
  }

  const flush = (): Promise<void> => (writing = writing.catch(() => undefined).then(write));
  // A failed write keeps its counts and is tried again; the next one that succeeds tells them all.
  const timer = setInterval(() => void flush().catch(() => undefined), every);
  timer.unref();

  return {
    count: (code) => void counts.set(code, (counts.get(code) ?? 0) + 1),
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

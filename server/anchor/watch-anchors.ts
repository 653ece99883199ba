import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, lineOf, type Line } from "../../protocol/line.ts";
import type { Chain } from "../chain/view.ts";
import type { Database } from "../store/database.ts";
import { readBatches } from "./batches.ts";

export interface WatchParts {
  readonly database: Database;
  readonly chain: Pick<Chain, "view" | "onChange">;
  readonly stream: Hex;
  /** The stream with those that it succeeds; left out where it succeeds none. */
  readonly line?: Line;
  /** Called with ANCHOR_CONFLICT, once: whatever is written to the stream from here on can never be proven. */
  readonly conflict: (error: TwinwardError) => void;
  readonly report: (error: unknown) => void;
}

/**
 * For a process that writes leaves and anchors none: holds each new anchor against the batches, which the one that anchors
 * writes down before it sends them. One that is not there was sent from another copy of the database.
 */
export function watchAnchors(parts: WatchParts): { close(): Promise<void> } {
  const { database, chain, stream, line = lineOf(stream), conflict, report } = parts;
  /** Anchors below are ours. */
  let known = 0;
  let looking: Promise<void> | undefined;
  let over = false;

  async function look(): Promise<void> {
    const anchors = anchorsOf(line, chain.view());
    const fresh = anchors.slice(Math.min(known, anchors.length));
    const [first] = fresh;
    if (first !== undefined) {
      const batches = new Map((await readBatches(database, first.number)).map((batch) => [batch.number, batch]));
      for (const { number, root } of fresh) {
        const stored = batches.get(number)?.root;
        if (stored === root) continue;
        over = true;
        return conflict(
          new TwinwardError("ANCHOR_CONFLICT", { batch: number, stored: stored ?? null, anchored: root }),
        );
      }
    }
    // A reorganisation may have put another one in the last one's place; a deeper one shows at the next.
    known = Math.max(0, anchors.length - 1);
  }
  const start = (): void => {
    if (over || looking) return;
    looking = look()
      .catch(report)
      .finally(() => (looking = undefined));
  };
  const stop = chain.onChange(start);
  start();
  return {
    close: async () => {
      over = true;
      stop();
      await looking;
    },
  };
}

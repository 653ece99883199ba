import { TwinwardError } from "../../protocol/errors.ts";
import { anchorsOf, type Line } from "../../protocol/line.ts";
import type { Checks } from "../api/ready-parts.ts";
import type { AnchorHealth } from "../anchor/anchor-loop.ts";
import { requireOpenStream } from "../chain/require-open-stream.ts";
import type { Chain } from "../chain/view.ts";
import type { KeyStore } from "../keys/key-store.ts";
import type { Database } from "../store/database.ts";
import type { Disk } from "./watch-disk.ts";

export interface ReadyParts {
  readonly database: Database;
  readonly keys: Pick<KeyStore, "present">;
  readonly chain: Pick<Chain, "fresh" | "view">;
  /** Whoever anchors the stream, or another gateway of it. */
  readonly anchor: { health(): Pick<AnchorHealth, "state" | "trouble"> };
  readonly line: Line;
  readonly disk: Pick<Disk, "check">;
  /** ms. */
  readonly now: () => number;
}

/** One check for each thing that a server rests on. */
export function readyChecks({ database, keys, chain, anchor, line, disk, now }: ReadyParts): Checks {
  return {
    chain: () => chain.fresh(),
    database: () => database.query("select 1"),
    anchor: async () => {
      const { trouble, state } = anchor.health();
      if (state === "stopped" && trouble) throw trouble;
      requireOpenStream(chain.view(), line.stream);
      await refuseBrokenPromise(database, chain, line, now());
    },
    keys: () => keys.present(),
    disk: () => disk.check(),
  };
}

/** The first leaf that no anchor holds: the ack over it says until when one must. */
async function refuseBrokenPromise(
  database: Database,
  chain: Pick<Chain, "view">,
  line: Line,
  nowMs: number,
): Promise<void> {
  const last = anchorsOf(line, chain.view()).at(-1);
  const anchored = last === undefined ? 0 : last.firstLeaf + last.count;
  const [ack] = await database.query<{ first: number; count: number; anchor_by: number }>(
    "select first, count, anchor_by from ack where first <= $1 order by first desc limit 1",
    [anchored],
  );
  if (ack === undefined || ack.first + ack.count <= anchored || ack.anchor_by * 1000 >= nowMs) return;
  throw new TwinwardError("ANCHOR_LATE", { leaf: anchored, anchorBy: ack.anchor_by });
}

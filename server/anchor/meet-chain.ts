import { TwinwardError } from "../../protocol/errors.ts";
import type { AnchorFact } from "../chain/view.ts";
import type { Database } from "../store/database.ts";
import { insertIntent, readNextBatch } from "./batches.ts";
import { recomputeStoredRoot } from "./recompute-root.ts";

/**
 * Call before anything is written to a stream: holds the database against a chain that may know more, because the database is
 * an older copy. Batches that the chain has and whose leaves are all here are written down again. Where leaves are missing
 * nothing may be written: their positions are taken, and every ack or decision at one of them would be a lie.
 * Throws STREAM_BEHIND with what is missing, ANCHOR_CONFLICT where the leaves here are not those that were anchored.
 */
export async function meetChain(database: Database, anchors: readonly AnchorFact[]): Promise<void> {
  const next = await readNextBatch(database);
  const unknown = anchors.slice(next.number);
  if (unknown.length === 0) return;
  const size = await countLeaves(database);
  if (unknown.some((anchor) => endOf(anchor) > size)) throw behind(size, unknown);
  for (const { number, firstLeaf, count, root } of unknown) {
    const mine = await recomputeStoredRoot(database, firstLeaf, count);
    if (mine !== root) throw new TwinwardError("ANCHOR_CONFLICT", { batch: number, stored: mine, anchored: root });
    // Die here and the next start goes on with the batch after it.
    await insertIntent(database, { number, firstLeaf, count, root });
  }
}

/**
 * The same for a process that writes leaves and anchors none. `anchors` must be what the chain had before this is called. Throws
 * STREAM_BEHIND.
 */
export async function requireLeaves(database: Database, anchors: readonly AnchorFact[]): Promise<void> {
  const size = await countLeaves(database);
  const missing = anchors.filter((anchor) => endOf(anchor) > size);
  if (missing.length > 0) throw behind(size, missing);
}

async function countLeaves(database: Database): Promise<number> {
  const [row] = await database.query<{ size: number }>("select coalesce(max(position), -1) + 1 as size from leaf");
  return row?.size ?? 0;
}

const endOf = ({ firstLeaf, count }: AnchorFact): number => firstLeaf + count;

function behind(size: number, unknown: readonly AnchorFact[]): TwinwardError {
  const [first, last] = [unknown[0], unknown.at(-1)];
  const batches = { first: first?.number ?? 0, last: last?.number ?? 0 };
  const leaves = { first: size, last: (last?.firstLeaf ?? 0) + (last?.count ?? 0) - 1 };
  const here = size === 0 ? "It has no leaf" : `It ends with leaf ${size - 1}`;
  const detail = `${here}; the chain has batches ${batches.first}…${batches.last} besides, with leaves ${leaves.first}…${leaves.last}, which are missing here. Nothing is read, accepted or anchored.`;
  return new TwinwardError("STREAM_BEHIND", { batches, leaves, detail });
}

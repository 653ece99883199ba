import { fromHex, toHex } from "../../protocol/bytes.ts";
import type { AnchorFact } from "../chain/view.ts";
import type { Tx } from "../store/database.ts";
import type { SealedBatch } from "./seal.ts";

/** A batch as it is stored: an intent while `blockHash` is null. */
export interface StoredBatch extends SealedBatch {
  readonly blockHash: string | null;
}

interface Row {
  readonly number: number;
  readonly first_leaf: number;
  readonly count: number;
  readonly root: Uint8Array;
  readonly block_hash: Uint8Array | null;
}

/** Batches from `number` on, and older ones that are not confirmed, in order. */
export async function readBatches(tx: Tx, number: number): Promise<StoredBatch[]> {
  const rows = await tx.query<Row>(
    "select number, first_leaf, count, root, block_hash from batch where number >= $1 or transaction is null order by number",
    [number],
  );
  return rows.map((row) => ({
    number: row.number,
    firstLeaf: row.first_leaf,
    count: row.count,
    root: toHex(row.root),
    blockHash: row.block_hash && toHex(row.block_hash),
  }));
}

/** Number of the next batch and position of its first leaf. */
export async function readNextBatch(tx: Tx): Promise<{ number: number; firstLeaf: number }> {
  const [last] = await tx.query<{ number: number; next: number }>(
    "select number, first_leaf + count as next from batch order by number desc limit 1",
  );
  return { number: last === undefined ? 0 : last.number + 1, firstLeaf: last?.next ?? 0 };
}

/** Writes a batch down before anybody hears of it. */
export async function insertIntent(tx: Tx, batch: SealedBatch): Promise<void> {
  await tx.query("insert into batch (number, first_leaf, count, root) values ($1, $2, $3, $4)", [
    batch.number,
    batch.firstLeaf,
    batch.count,
    fromHex(batch.root, 32),
  ]);
}

/** Fills in where the chain has the batch; undefined makes it an intent again, after a reorg. */
export async function updatePlace(tx: Tx, number: number, anchor: AnchorFact | undefined): Promise<void> {
  await tx.query("update batch set transaction = $2, block = $3, block_hash = $4, block_time = $5 where number = $1", [
    number,
    anchor === undefined ? null : fromHex(anchor.transaction, 32),
    anchor?.block.number ?? null,
    anchor === undefined ? null : fromHex(anchor.block.hash, 32),
    anchor?.block.timestamp ?? null,
  ]);
}

import { toHex } from "../../../protocol/bytes.ts";
import { anchorsOf } from "../../../protocol/line.ts";
import type { Lies } from "./lies.ts";
import { isOnChain } from "./on-chain.ts";
import { auditRoot } from "./root.ts";
import type { WalkedStream } from "./stream.ts";
import type { AuditWorld } from "./world.ts";

interface BatchRow {
  number: number;
  first_leaf: number;
  count: number;
  root: Uint8Array;
  transaction: Uint8Array | null;
  block: number | null;
  block_hash: Uint8Array | null;
  block_time: number | null;
}

/** Every batch has the root of its leaves, and the chain holds exactly these batches: no other, none more. */
export async function auditBatches(world: AuditWorld, { leaves }: WalkedStream, lies: Lies): Promise<void> {
  const anchors = anchorsOf(world.present.line, world.present.view);
  const seen = anchorsOf(world.line, world.view);
  const rows = await world.tx.query<BatchRow>(
    "select number, first_leaf, count, root, transaction, block, block_hash, block_time from batch order by number",
  );
  let next = 0;
  for (const [index, row] of rows.entries()) {
    const place = `batch ${row.number}`;
    lies.hold(row.number === index, place, `batch ${index} is missing`);
    lies.hold(
      row.first_leaf === next,
      place,
      `it begins at leaf ${row.first_leaf}, the one before it ended at ${next}`,
    );
    next = row.first_leaf + row.count;
    auditRoot(leaves, { first: row.first_leaf, count: row.count, root: row.root }, place, lies);
    const anchor = anchors[index];
    if (anchor) {
      const equal =
        anchor.root === toHex(row.root) && anchor.count === row.count && anchor.firstLeaf === row.first_leaf;
      lies.hold(equal, place, "the chain holds another root, count or first leaf for it");
    }
    await auditConfirmation(world, row, seen[index], place, lies);
  }
  lies.count("batches", rows.length);
  for (const anchor of anchors.slice(rows.length)) {
    if (anchor.block.number > world.settled) continue;
    lies.tell(
      `batch ${anchor.number}`,
      `the chain has it, with leaves ${anchor.firstLeaf}…${anchor.firstLeaf + anchor.count - 1}, and the database does not: this database is older than the chain, or rows were deleted`,
    );
  }
}

/** A row says where it was anchored, or nothing yet; what it says must be what the chain says. */
async function auditConfirmation(
  world: AuditWorld,
  row: BatchRow,
  anchor: { transaction: string; block: { number: number; hash: string; timestamp: number } } | undefined,
  place: string,
  lies: Lies,
): Promise<void> {
  const { transaction, block, block_hash: hash, block_time: time } = row;
  if (transaction === null && block === null && hash === null && time === null) return;
  if (world.mayGoBack && block !== null && hash !== null) {
    const named = { block: { number: block, hash: toHex(hash), timestamp: time ?? 0 } };
    if (!(await isOnChain(world, named, { place, kind: "anchors" }, lies))) return;
  }
  if (!lies.hold(anchor !== undefined, place, "it claims an anchor that the chain does not have") || !anchor) return;
  const equal =
    transaction !== null &&
    hash !== null &&
    toHex(transaction) === anchor.transaction &&
    block === anchor.block.number &&
    toHex(hash) === anchor.block.hash &&
    time === anchor.block.timestamp;
  lies.hold(equal, place, "its transaction or block is not the one of its anchor");
}

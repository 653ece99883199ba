import { ackMessage } from "../../protocol/ack.ts";
import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { newest, type Line } from "../../protocol/line.ts";
import { Tree } from "../../protocol/tree.ts";
import type { Database } from "./database.ts";
import { promiseOver, type PromiseParts } from "./promise.ts";
import { readLeafHashes } from "./read-leaves.ts";
import { lockStream } from "./stream-row.ts";

/** Leaves under one promise: as many as a full group of the committer's. */
const PROMISED_AT_ONCE = 4_096;

/**
 * Goes on in the successor of `from`, at the end of `parts.line`. No leaf moves: those that `from` has not anchored are the
 * successor's from here on, at the same places of the line, and are promised anew; what they were promised before is kept as
 * broken. One transaction: die in it and nothing happened. How many leaves were promised anew.
 * Throws STREAM_MISMATCH where the database is not written to `from`, STREAM_BEHIND where anchored leaves are missing.
 */
export async function succeedStream(
  database: Database,
  from: Hex,
  parts: PromiseParts & { readonly line: Line },
): Promise<number> {
  const first = newest(parts.line).firstLeaf + 1;
  return database.transaction(async (tx) => {
    const size = await lockStream(tx, from);
    if (size < first) {
      const leaves = { first: size, last: first - 1 };
      const detail = `Leaves ${leaves.first}…${leaves.last} are anchored and missing here.`;
      throw new TwinwardError("STREAM_BEHIND", { leaves, detail });
    }
    await tx.query(
      `insert into broken_ack (stream, first, count, root, accepted_at, anchor_by, signature)
       select $1, first, count, root, accepted_at, anchor_by, signature from ack where first >= $2`,
      [fromHex(from, 32), first],
    );
    await tx.query("delete from ack where first >= $1", [first]);
    for (let at = first; at < size; at += PROMISED_AT_ONCE) {
      const count = Math.min(PROMISED_AT_ONCE, size - at);
      const root = new Tree(await readLeafHashes(tx, at, count)).root();
      const promise = promiseOver(parts, at, count, toHex(root));
      await tx.query(
        "insert into ack (first, count, root, accepted_at, anchor_by, signature) values ($1,$2,$3,$4,$5,$6)",
        [at, count, root, promise.acceptedAt, promise.anchorBy, await parts.signer(ackMessage(promise), promise)],
      );
    }
    await tx.query("update stream set id = $1", [fromHex(parts.stream, 32)]);
    return size - first;
  });
}

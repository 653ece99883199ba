import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { Claim, ClaimOptions, Database, Tx } from "./database.ts";

/**
 * Waits for every other writer of the stream; the number of its leaves. Made when the database is new. Throws STREAM_MISMATCH
 * when the database is another stream's.
 */
export async function lockStream(tx: Tx, stream: Hex): Promise<number> {
  const size = await lockRow(tx, stream);
  if (size !== undefined) return size;
  // A row that is not there cannot be locked, so the first of several writers makes it behind a lock of this name. The table's would
  // meet those who have the row already: they hold it and want the table, we the table and want the row.
  await tx.query("select pg_advisory_xact_lock(hashtextextended('twinward makes the stream', 0))");
  const found = await lockRow(tx, stream);
  if (found !== undefined) return found;
  await tx.query("insert into stream (id, size) values ($1, 0)", [fromHex(stream, 32)]);
  return 0;
}

async function lockRow(tx: Tx, stream: Hex): Promise<number | undefined> {
  const rows = await tx.query<{ id: Uint8Array; size: number }>("select id, size from stream for update");
  const [row] = rows;
  if (!row) return undefined;
  const found = toHex(row.id);
  if (rows.length > 1 || found !== stream) throw new TwinwardError("STREAM_MISMATCH", { stream, found });
  return row.size;
}

/** The stream whose leaves are written here; undefined before the first writer. */
export async function readStream(tx: Tx): Promise<Hex | undefined> {
  const [row] = await tx.query<{ id: Uint8Array }>("select id from stream");
  return row && toHex(row.id);
}

/**
 * For whoever sets out to write and anchor the stream, before it writes anything else: the database is the stream's from here
 * on, and this process is the one that anchors it. Throws STREAM_MISMATCH, DATABASE_LOCKED, DATABASE_UNAVAILABLE.
 * Other gateways may commit to the same stream: the row's lock, not this claim, keeps positions apart.
 */
export async function claimStream(database: Database, stream: Hex, options?: ClaimOptions): Promise<Claim> {
  await database.transaction((tx) => lockStream(tx, stream));
  return database.claim(`anchors ${stream}`, options);
}

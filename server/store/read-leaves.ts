import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";

/** One leaf as it is stored. */
export interface StoredLeaf {
  readonly position: number;
  readonly kind: number;
  readonly subject: Hex;
  readonly sequence: number;
  readonly content: Hex;
  readonly hash: Hex;
}

interface Row {
  position: number;
  kind: number;
  subject: Uint8Array;
  sequence: number;
  content: Uint8Array;
  hash: Uint8Array;
}

const COLUMNS = "position, kind, subject, sequence, content, hash";

/** Leaves at positions [first, first + count), in order; fewer where the stream ends before. */
export async function readLeaves(tx: Tx, first: number, count: number): Promise<StoredLeaf[]> {
  const rows = await tx.query<Row>(
    `select ${COLUMNS} from leaf where position >= $1 and position < $2 order by position`,
    [first, first + count],
  );
  return rows.map(toLeaf);
}

/** Only the leaf hashes of [first, first + count), 32 bytes each, in one array: what a tree is built from. */
export async function readLeafHashes(tx: Tx, first: number, count: number): Promise<Uint8Array> {
  const rows = await tx.query<{ hash: Uint8Array }>(
    "select hash from leaf where position >= $1 and position < $2 order by position",
    [first, first + count],
  );
  const flat = new Uint8Array(32 * rows.length);
  rows.forEach(({ hash }, i) => flat.set(hash, 32 * i));
  return flat;
}

/** The leaf of this kind, subject and sequence. */
export async function readLeafAt(
  tx: Tx,
  kind: number,
  subject: Hex,
  sequence: number,
): Promise<StoredLeaf | undefined> {
  const [row] = await tx.query<Row>(`select ${COLUMNS} from leaf where kind = $1 and subject = $2 and sequence = $3`, [
    kind,
    fromHex(subject, 32),
    sequence,
  ]);
  return row && toLeaf(row);
}

/** Number of leaves of the stream. */
export async function readStreamSize(tx: Tx): Promise<number> {
  const [row] = await tx.query<{ size: number }>("select size from stream");
  return row?.size ?? 0;
}

function toLeaf(row: Row): StoredLeaf {
  const { position, kind, sequence } = row;
  return { position, kind, sequence, subject: toHex(row.subject), content: toHex(row.content), hash: toHex(row.hash) };
}

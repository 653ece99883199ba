import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readInt8 } from "./binary-columns.ts";
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

/** One leaf packed: position, kind, subject, sequence, content, hash. */
const PACKED = 8 + 2 + 32 + 8 + 32 + 32;

/** Leaves at positions [first, first + count), in order; fewer where the stream ends before. */
export async function readLeaves(tx: Tx, first: number, count: number): Promise<StoredLeaf[]> {
  // One value for all of them: a row of its own for each costs several times as much.
  const [found] = await tx.query<{ packed: Buffer | null; regular: boolean | null }>(
    `select string_agg(int8send(position) || int2send(kind) || subject || int8send(sequence) || content || hash, ''::bytea
         order by position) as packed,
       bool_and(octet_length(subject) = 32 and octet_length(content) = 32 and octet_length(hash) = 32) as regular
     from leaf where position >= $1 and position < $2`,
    [first, first + count],
  );
  if (found?.regular === true && found.packed) return unpack(found.packed);
  // None, or somebody wrote what no leaf has: then each as it is, for whoever holds them against the chain.
  const rows = await tx.query<Row>(
    `select ${COLUMNS} from leaf where position >= $1 and position < $2 order by position`,
    [first, first + count],
  );
  return rows.map(toLeaf);
}

function unpack(packed: Buffer): StoredLeaf[] {
  const leaves: StoredLeaf[] = [];
  for (let at = 0; at < packed.length; at += PACKED) {
    const hex = (from: number): Hex => `0x${packed.toString("hex", at + from, at + from + 32)}`;
    leaves.push({
      position: readInt8(packed, at),
      kind: packed.readInt16BE(at + 8),
      subject: hex(10),
      sequence: readInt8(packed, at + 42),
      content: hex(50),
      hash: hex(82),
    });
  }
  return leaves;
}

/** Only the leaf hashes of [first, first + count), 32 bytes each, in one array: what a tree is built from. */
export async function readLeafHashes(tx: Tx, first: number, count: number): Promise<Uint8Array> {
  const [found] = await tx.query<{ flat: Uint8Array | null; regular: boolean | null }>(
    `select string_agg(hash, ''::bytea order by position) as flat, bool_and(octet_length(hash) = 32) as regular
     from leaf where position >= $1 and position < $2`,
    [first, first + count],
  );
  if (!found?.flat) return new Uint8Array(0);
  if (found.regular !== true)
    throw new TwinwardError("DATA_UNUSABLE", { first, count, detail: "A leaf's hash is not 32 bytes." });
  return found.flat;
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

import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";
import { type StoredLeaf } from "./read-leaves.ts";

/** A record with its leaf. */
export interface StoredRecord extends StoredLeaf {
  /** RFC 8785 JSON. */
  readonly body: string;
  readonly signature: Uint8Array | null;
}

interface Row {
  position: number;
  kind: number;
  subject: Uint8Array;
  sequence: number;
  content: Uint8Array;
  hash: Uint8Array;
  body: string;
  signature: Uint8Array | null;
}

const SELECT = `select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, r.body, r.signature
  from leaf l join record r on r.position = l.position`;

/** Records of a kind and subject from a sequence on, at most `limit` (default 1 000). */
export async function readRecords(
  tx: Tx,
  wanted: { readonly kind: number; readonly subject: Hex; readonly fromSequence?: number; readonly limit?: number },
): Promise<StoredRecord[]> {
  const rows = await tx.query<Row>(
    `${SELECT} where l.kind = $1 and l.subject = $2 and l.sequence >= $3 order by l.sequence limit $4`,
    [wanted.kind, fromHex(wanted.subject, 32), wanted.fromSequence ?? 1, wanted.limit ?? 1_000],
  );
  return rows.map(toRecord);
}

function toRecord(row: Row): StoredRecord {
  const { position, kind, sequence, body, signature } = row;
  const [subject, content, hash] = [toHex(row.subject), toHex(row.content), toHex(row.hash)];
  return { position, kind, sequence, subject, content, hash, body, signature };
}

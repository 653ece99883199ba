import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";
import type { StoredLeaf } from "./read-leaves.ts";

/** The release of one interval of a twin, with its leaf. */
export interface StoredRelease extends StoredLeaf {
  /** RFC 8785 JSON of the record. */
  readonly body: string;
}

/** A value as it is stored: sealed, and what it cost. */
export interface StoredValue {
  readonly assignment: Hex;
  readonly segment: string;
  readonly from: number;
  readonly transform: Hex;
  readonly epsilon: number;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** One that lies there, and of which leaf it was first shown. */
export type KeptValue = StoredValue & { readonly position: number };

interface ReleaseRow {
  position: number;
  kind: number;
  subject: Uint8Array;
  sequence: number;
  content: Uint8Array;
  hash: Uint8Array;
  body: string;
}

/** A twin's releases of the intervals that begin at these times, ms; in order, and of those that there are. */
export async function readReleases(tx: Tx, twin: Hex, from: readonly number[]): Promise<StoredRelease[]> {
  if (from.length === 0) return [];
  const rows = await tx.query<ReleaseRow>(
    `select l.position, l.kind, l.subject, l.sequence, l.content, l.hash, d.body
     from release x join leaf l on l.position = x.position join record d on d.position = x.position
     where x.twin = $1 and x.from_ms = any($2::bigint[]) order by x.from_ms`,
    [fromHex(twin, 32), from],
  );
  return rows.map(({ subject, content, hash, ...row }) => ({
    ...row,
    subject: toHex(subject),
    content: toHex(content),
    hash: toHex(hash),
  }));
}

interface ValueRow {
  assignment: Uint8Array;
  segment: string;
  from_ms: number;
  transform: Uint8Array;
  epsilon: number;
  position: number;
  month: string;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/** The values of an assignment that were made by these transforms in the intervals that begin at these times, ms. */
export async function readValues(
  tx: Tx,
  wanted: { readonly assignment: Hex; readonly transforms: readonly Hex[]; readonly from: readonly number[] },
): Promise<KeptValue[]> {
  if (wanted.from.length === 0 || wanted.transforms.length === 0) return [];
  const rows = await tx.query<ValueRow>(
    `select assignment, segment, from_ms, transform, epsilon, position, month, nonce, sealed from released_value
     where assignment = $1 and transform = any($2::bytea[]) and from_ms = any($3::bigint[])`,
    [fromHex(wanted.assignment, 32), wanted.transforms.map((one) => fromHex(one, 32)), wanted.from],
  );
  return rows.map(toValue);
}

export function toValue({ from_ms: from, assignment, transform, ...row }: ValueRow): KeptValue {
  return { ...row, from, assignment: toHex(assignment), transform: toHex(transform) };
}

/** ε spent so far on each segment of an assignment, in thousandths. */
export async function readSpent(tx: Tx, assignment: Hex): Promise<Map<string, number>> {
  const rows = await tx.query<{ segment: string; spent: number }>(
    "select segment, sum(epsilon)::bigint as spent from released_value where assignment = $1 group by segment",
    [fromHex(assignment, 32)],
  );
  return new Map(rows.map(({ segment, spent }) => [segment, spent]));
}

/** A value that was just made, and the sequence of the release of `twin` that shows it first. */
export type NewValue = StoredValue & { readonly sequence: number };

/** Writes down values and where releases lie; within the transaction in which their leaves come to be. */
export async function insertReleases(
  tx: Tx,
  twin: Hex,
  values: readonly NewValue[],
  releases: readonly { readonly from: number; readonly sequence: number }[],
): Promise<void> {
  await tx.query(
    `insert into released_value (assignment, segment, from_ms, transform, epsilon, month, nonce, sealed, position)
     select v.assignment, v.segment, v.from_ms, v.transform, v.epsilon, v.month, v.nonce, v.sealed, l.position
     from unnest($2::bytea[], $3::text[], $4::bigint[], $5::bytea[], $6::bigint[], $7::text[], $8::bytea[], $9::bytea[], $10::bigint[])
       as v (assignment, segment, from_ms, transform, epsilon, month, nonce, sealed, sequence)
     join leaf l on l.kind = ${LEAF_KINDS.release} and l.subject = $1 and l.sequence = v.sequence`,
    [
      fromHex(twin, 32),
      values.map(({ assignment }) => fromHex(assignment, 32)),
      values.map(({ segment }) => segment),
      values.map(({ from }) => from),
      values.map(({ transform }) => fromHex(transform, 32)),
      values.map(({ epsilon }) => epsilon),
      values.map(({ month }) => month),
      values.map(({ nonce }) => nonce),
      values.map(({ sealed }) => sealed),
      values.map(({ sequence }) => sequence),
    ],
  );
  await tx.query(
    `insert into release (position, twin, from_ms) select l.position, l.subject, x.from_ms
     from unnest($2::bigint[], $3::bigint[]) as x (from_ms, sequence)
     join leaf l on l.kind = ${LEAF_KINDS.release} and l.subject = $1 and l.sequence = x.sequence`,
    [fromHex(twin, 32), releases.map(({ from }) => from), releases.map(({ sequence }) => sequence)],
  );
}

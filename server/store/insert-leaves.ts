import { fromHex, toHex } from "../../protocol/bytes.ts";
import { leafHash } from "../../protocol/leaf.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";
import type { Entry, ReadingEntry, RecordEntry } from "./entry.ts";

/** An entry with its place in the stream. */
export interface LeafRow {
  readonly position: number;
  readonly kind: number;
  readonly subject: Uint8Array;
  readonly sequence: number;
  readonly content: Uint8Array;
  readonly hash: Uint8Array;
  readonly entry: Entry;
}

/** Gives entries their positions from `first` on, and records their sequences. */
export async function placeEntries(tx: Tx, first: number, entries: readonly Entry[]): Promise<LeafRow[]> {
  const next = await nextSequences(tx, entries);
  return entries.map((entry, index) => {
    const kind = kindOf(entry);
    const subject = fromHex(subjectOf(entry), 32);
    const content = fromHex(entry.content, 32);
    const sequence = entry.kind === "reading" ? entry.sequence : (next.get(`${kind}:${entry.subject}`) ?? 1);
    if (entry.kind === "record") next.set(`${kind}:${entry.subject}`, sequence + 1);
    const hash = leafHash(kind, subject, sequence, content);
    return { position: first + index, kind, subject, sequence, content, hash, entry };
  });
}

/** 1 + the highest sequence so far, for every kind and subject that a record of the group has. */
async function nextSequences(tx: Tx, entries: readonly Entry[]): Promise<Map<string, number>> {
  const wanted = new Map<string, RecordEntry>();
  for (const entry of entries) if (entry.kind === "record") wanted.set(`${entry.leafKind}:${entry.subject}`, entry);
  const records = [...wanted.values()];
  if (records.length === 0) return new Map();
  const rows = await tx.query<{ at: number; last: number | null }>(
    `select w.at, (select max(l.sequence) from leaf l where l.kind = w.kind and l.subject = w.subject) as last
     from unnest($1::smallint[], $2::bytea[]) with ordinality as w (kind, subject, at)`,
    [records.map(({ leafKind }) => leafKind), records.map(({ subject }) => fromHex(subject, 32))],
  );
  const names = [...wanted.keys()];
  return new Map(rows.map(({ at, last }) => [names[at - 1] ?? "", (last ?? 0) + 1]));
}

/**
 * Writes the rows of a group, and each device's head. A reading whose sequence is taken already fails the transaction. The
 * partition of `acceptedMonth` must be there: `makeMonth`.
 */
export async function insertLeaves(tx: Tx, rows: readonly LeafRow[], acceptedMonth: number): Promise<void> {
  const readings = rows.flatMap((row) => (row.entry.kind === "reading" ? [{ row, entry: row.entry }] : []));
  const { latest, heads } = await followClocks(tx, readings);
  await tx.query(
    `insert into leaf
       (position, kind, subject, sequence, content, hash, from_ms, until_ms, latest_ms, accepted_month)
     select *, case when kind = ${LEAF_KINDS.reading} then $10::integer end
     from unnest($1::bigint[], $2::smallint[], $3::bytea[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bigint[], $8::bigint[],
       $9::bigint[]) as given (position, kind)`,
    [
      rows.map(({ position }) => position),
      rows.map(({ kind }) => kind),
      rows.map(({ subject }) => subject),
      rows.map(({ sequence }) => sequence),
      rows.map(({ content }) => content),
      rows.map(({ hash }) => hash),
      rows.map(({ entry }) => (entry.kind === "reading" ? entry.per[0] : null)),
      rows.map(({ entry }) => (entry.kind === "reading" ? entry.per[1] : null)),
      rows.map((row) => latest.get(row) ?? null),
      acceptedMonth,
    ],
  );
  await insertReadings(tx, readings, acceptedMonth);
  await writeHeads(tx, heads);
  await insertRecords(
    tx,
    rows.flatMap((row) => (row.entry.kind === "record" ? [{ row, entry: row.entry }] : [])),
  );
}

interface ReadingRow {
  readonly row: LeafRow;
  readonly entry: ReadingEntry;
}

/** A device's newest reading, and the latest beginning that it has named up to it. */
interface DeviceHead {
  readonly row: LeafRow;
  readonly latest: number;
}

async function insertReadings(tx: Tx, readings: readonly ReadingRow[], acceptedMonth: number): Promise<void> {
  if (readings.length === 0) return;
  await tx.query(
    `insert into reading (position, device, sequence, signing_input, signature, scope, month, nonce, sealed, accepted_month)
     select *, $10::integer from unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::text[], $5::bytea[], $6::bytea[],
       $7::text[], $8::bytea[], $9::bytea[])`,
    [
      readings.map(({ row }) => row.position),
      readings.map(({ row }) => row.subject),
      readings.map(({ row }) => row.sequence),
      readings.map(({ entry }) => entry.signingInput),
      readings.map(({ entry }) => entry.signature),
      readings.map(({ entry }) => fromHex(entry.scope, 32)),
      readings.map(({ entry }) => entry.month),
      readings.map(({ entry }) => entry.nonce),
      readings.map(({ entry }) => entry.sealed),
      acceptedMonth,
    ],
  );
}

async function writeHeads(tx: Tx, heads: readonly DeviceHead[]): Promise<void> {
  if (heads.length === 0) return;
  await tx.query(
    `insert into device_head (device, sequence, content, latest_ms)
     select * from unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bigint[])
     on conflict (device) do update
     set sequence = excluded.sequence, content = excluded.content, latest_ms = excluded.latest_ms
     where device_head.sequence < excluded.sequence`,
    [
      heads.map(({ row }) => row.subject),
      heads.map(({ row }) => row.sequence),
      heads.map(({ row }) => row.content),
      heads.map((head) => head.latest),
    ],
  );
}

/**
 * For each reading the latest beginning that its device has named up to it, and for each device its new head. Readings of one
 * device come in order of sequence, behind its head.
 */
async function followClocks(
  tx: Tx,
  readings: readonly ReadingRow[],
): Promise<{ latest: ReadonlyMap<LeafRow, number>; heads: readonly DeviceHead[] }> {
  if (readings.length === 0) return { latest: new Map(), heads: [] };
  const subjects = new Map(readings.map(({ row, entry }) => [entry.device, row.subject]));
  const rows = await tx.query<{ device: Uint8Array; latest_ms: number }>(
    "select device, latest_ms from device_head where device = any($1::bytea[])",
    [[...subjects.values()]],
  );
  const before = new Map(rows.map((row) => [toHex(row.device), row.latest_ms]));
  const heads = new Map<string, DeviceHead>();
  const latest = new Map<LeafRow, number>();
  for (const { row, entry } of readings) {
    const last = heads.get(entry.device)?.latest ?? before.get(entry.device);
    const reached = Math.max(entry.per[0], last ?? entry.per[0]);
    heads.set(entry.device, { row, latest: reached });
    latest.set(row, reached);
  }
  return { latest, heads: [...heads.values()] };
}

async function insertRecords(tx: Tx, records: readonly { row: LeafRow; entry: RecordEntry }[]): Promise<void> {
  if (records.length === 0) return;
  await tx.query(
    `insert into record (position, body, signature) select * from unnest($1::bigint[], $2::text[], $3::bytea[])`,
    [
      records.map(({ row }) => row.position),
      records.map(({ entry }) => entry.body),
      records.map(({ entry }) => entry.signature ?? null),
    ],
  );
}

function kindOf(entry: Entry): number {
  return entry.kind === "reading" ? LEAF_KINDS.reading : entry.leafKind;
}

function subjectOf(entry: Entry): `0x${string}` {
  return entry.kind === "reading" ? entry.device : entry.subject;
}

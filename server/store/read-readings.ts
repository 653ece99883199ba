import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";
import type { Parameter } from "./parameters.ts";

/** An accepted reading as it is stored: the signed part in the clear, disclosures and flags sealed. */
export interface StoredReading {
  readonly position: number;
  readonly sequence: number;
  /** The period [from, to), ms. */
  readonly per: readonly [number, number];
  /** The latest beginning that the device had named up to this reading, ms. */
  readonly latest: number;
  readonly signingInput: string;
  readonly signature: Uint8Array;
  readonly content: Hex;
  /** Hash of its leaf. */
  readonly leaf: Hex;
  readonly scope: Hex;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

type Bound = number | null | undefined;

/** Which readings of one device: lower bounds inclusive, upper ones exclusive, each may be missing. */
export interface ReadingRange {
  readonly device: Hex;
  readonly fromSequence?: Bound;
  readonly untilSequence?: Bound;
  /** Readings that begin in [since, until), ms. */
  readonly since?: Bound;
  readonly until?: Bound;
  readonly fromPosition?: Bound;
  readonly untilPosition?: Bound;
  /** Rows at most, default 1 000. */
  readonly limit?: number;
}

interface Row {
  position: number;
  sequence: number;
  from_ms: number;
  until_ms: number;
  latest_ms: number;
  signing_input: string;
  signature: Uint8Array;
  content: Uint8Array;
  hash: Uint8Array;
  scope: Uint8Array;
  month: string;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/**
 * A device's readings in order of sequence. For the next page ask from the last sequence + 1 on. First the places are found, in
 * narrow rows and by one index in its order; only what is asked for is then read whole.
 */
export async function readReadings(tx: Tx, range: ReadingRange): Promise<StoredReading[]> {
  const parameters: Parameter[] = [fromHex(range.device, 32)];
  const value = (given: number): string => `$${parameters.push(given)}`;
  const places =
    isGiven(range.since) || isGiven(range.until) ? placesByTime(range, value) : placesBySequence(range, value);
  const rows = await tx.query<Row>(
    `select r.position, r.sequence, r.from_ms, r.until_ms, r.latest_ms, r.signing_input, r.signature, l.content, l.hash, r.scope,
       r.month, r.nonce, r.sealed
     from (${places} order by sequence limit ${value(range.limit ?? 1_000)}) p
     cross join lateral (select * from leaf where position = p.position limit 1) l
     cross join lateral (select * from reading where position = p.position limit 1) r
     order by p.sequence`,
    parameters,
  );
  return rows.map(toReading);
}

type Value = (given: number) => string;
const isGiven = (bound: Bound): bound is number => bound !== null && bound !== undefined;

/** Conditions on a table that has both columns. */
function bounds({ fromSequence, untilSequence, fromPosition, untilPosition }: ReadingRange, value: Value): string {
  const given: [string, Bound][] = [
    ["sequence >=", fromSequence],
    ["sequence <", untilSequence],
    ["position >=", fromPosition],
    ["position <", untilPosition],
  ];
  return given.map(([condition, at]) => (!isGiven(at) ? "" : ` and ${condition} ${value(at)}`)).join("");
}

function placesBySequence(range: ReadingRange, value: Value): string {
  return `select position, sequence from leaf
    where kind = ${LEAF_KINDS.reading} and subject = $1${bounds(range, value)}`;
}

/**
 * By `latest_ms`, which rises with the sequence: what begins at or after `since` comes where that has reached it. What begins
 * before `until` comes where it has not, but for readings behind their device's clock, which have an index of their own.
 */
function placesByTime(range: ReadingRange, value: Value): string {
  const { since, until, fromSequence } = range;
  const inside = `device = $1${bounds(range, value)}`;
  const notBefore = !isGiven(since) ? "" : ` and from_ms >= ${value(since)}`;
  const reached = !isGiven(since) ? "" : ` and latest_ms >= ${value(since)}`;
  // Where a later page begins in that index; nothing where no reading has such a sequence.
  const page = !isGiven(fromSequence)
    ? ""
    : ` and latest_ms >= (select r.latest_ms from leaf l join reading r on r.position = l.position
            where l.kind = ${LEAF_KINDS.reading} and l.subject = $1 and l.sequence >= ${value(fromSequence)}
            order by l.sequence limit 1)`;
  const inOrder = (before?: string): string =>
    `(select position, sequence from reading where ${inside}${reached}${page}${notBefore}${before ?? ""}
      order by latest_ms, sequence limit ${value(range.limit ?? 1_000)})`;
  if (!isGiven(until)) return `select * from ${inOrder()} a`;
  const end = value(until);
  // "+ 0" keeps the second part away from the first one's index, where everything later than `until` would be looked through.
  return `select * from (${inOrder(` and latest_ms < ${end}`)} union all
    (select position, sequence from reading where ${inside}${notBefore} and from_ms < latest_ms and from_ms < ${end}
      and latest_ms + 0 >= ${end} order by sequence limit ${value(range.limit ?? 1_000)})) a`;
}

/**
 * The newest reading of a device that begins no later than `latest`, ms, and has a sequence below `until`: its sequence, and when
 * it was accepted.
 */
export async function readNewest(
  tx: Tx,
  device: Hex,
  { latest, until }: { readonly latest: number; readonly until: number | null },
): Promise<{ readonly sequence: number; readonly acceptedAt: number | null } | undefined> {
  const [row] = await tx.query<{ sequence: number; accepted_at: number | null }>(
    `select r.sequence,
       (select a.accepted_at from ack a where a.first <= r.position order by a.first desc limit 1) as accepted_at
     from reading r where r.device = $1 and r.latest_ms <= $2 and ($3::bigint is null or r.sequence < $3)
     order by r.latest_ms desc, r.sequence desc limit 1`,
    [fromHex(device, 32), latest, until],
  );
  return row && { sequence: row.sequence, acceptedAt: row.accepted_at };
}

/** Highest accepted sequence and its content, for those of the devices that have one. */
export async function readHeads(
  tx: Tx,
  devices: readonly Hex[],
): Promise<Map<Hex, { readonly sequence: number; readonly content: Hex }>> {
  if (devices.length === 0) return new Map();
  const rows = await tx.query<{ device: Uint8Array; sequence: number; content: Uint8Array }>(
    "select device, sequence, content from device_head where device = any($1::bytea[])",
    [devices.map((device) => fromHex(device, 32))],
  );
  return new Map(rows.map((row) => [toHex(row.device), { sequence: row.sequence, content: toHex(row.content) }]));
}

function toReading(row: Row): StoredReading {
  return {
    position: row.position,
    sequence: row.sequence,
    per: [row.from_ms, row.until_ms],
    latest: row.latest_ms,
    signingInput: row.signing_input,
    signature: row.signature,
    content: toHex(row.content),
    leaf: toHex(row.hash),
    scope: toHex(row.scope),
    month: row.month,
    nonce: row.nonce,
    sealed: row.sealed,
  };
}

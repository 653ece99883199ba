import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import { readInt8 } from "./binary-columns.ts";
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
  /** Leaves that the stream had when it was sealed again for another scope; null where it never was. */
  readonly resealedAt: number | null;
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

/** Where a reading lies, and all that its leaf tells of it. */
interface Place {
  readonly position: number;
  readonly sequence: number;
  readonly per: readonly [number, number];
  readonly latest: number;
  readonly month: number;
  readonly content: Hex;
  readonly leaf: Hex;
}

const PLACE = "position, sequence, content, hash, accepted_month, from_ms, until_ms, latest_ms";
/** One place packed: position, sequence, the three times, the month, content and hash. */
const PACKED = 5 * 8 + 4 + 2 * 32;

interface Row {
  position: number;
  signing_input: string;
  signature: Uint8Array;
  scope: Uint8Array;
  month: string;
  resealed_at: number | null;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/**
 * A device's readings in order of sequence. For the next page ask from the last sequence + 1 on. First the places are found, in
 * leaves and by one index in its order; only what is asked for is then read whole. No reading goes, and only what is
 * sealed of it is ever sealed again: what the first statement names the second finds, or DATA_UNUSABLE is thrown.
 */
export async function readReadings(tx: Tx, range: ReadingRange): Promise<StoredReading[]> {
  const parameters: Parameter[] = [fromHex(range.device, 32)];
  const value = (given: number): string => `$${parameters.push(given)}`;
  const find = isGiven(range.since) || isGiven(range.until) ? placesByTime : placesBySequence;
  const sql = `${find(range, value)} order by sequence limit ${value(range.limit ?? 1_000)}`;
  const places = await readPlaces(tx, sql, parameters);
  const rows = await readRows(tx, places);
  return places.map((place) => toReading(place, rows.get(place.position)));
}

/** What this finds, in order of sequence: as one value, because a row of its own for each costs several times as much. */
async function readPlaces(tx: Tx, sql: string, parameters: readonly Parameter[]): Promise<Place[]> {
  const [found] = await tx.query<{ packed: Buffer | null; count: number; regular: boolean | null }>(
    `select string_agg(int8send(position) || int8send(sequence) || int8send(from_ms) || int8send(until_ms)
         || int8send(latest_ms) || int4send(accepted_month) || content || hash, ''::bytea order by sequence) as packed,
       count(*) as count, bool_and(octet_length(content) = 32 and octet_length(hash) = 32) as regular
     from (${sql}) p`,
    parameters,
  );
  if (!found || found.count === 0) return [];
  // A column without a value would take its place out of the page.
  if (found.regular !== true || found.packed?.length !== found.count * PACKED)
    throw new TwinwardError("DATA_UNUSABLE", {
      detail: "A reading's leaf has no month or time, or a hash that is not 32 bytes.",
    });
  return unpack(found.packed);
}

function unpack(packed: Buffer): Place[] {
  const places: Place[] = [];
  for (let at = 0; at < packed.length; at += PACKED) {
    const hex = (from: number): Hex => `0x${packed.toString("hex", at + from, at + from + 32)}`;
    places.push({
      position: readInt8(packed, at),
      sequence: readInt8(packed, at + 8),
      per: [readInt8(packed, at + 16), readInt8(packed, at + 24)],
      latest: readInt8(packed, at + 32),
      month: packed.readInt32BE(at + 40),
      content: hex(44),
      leaf: hex(76),
    });
  }
  return places;
}

/** The rows at these places, by position: from one partition nearly always. */
async function readRows(tx: Tx, places: readonly Place[]): Promise<Map<number, Row>> {
  const rows = new Map<number, Row>();
  for (const [month, those] of Map.groupBy(places, (place) => place.month)) {
    // The month is in the text, so that the others are not even planned for: texts are as few as months.
    const found = await tx.query<Row>(
      `select position, signing_input, signature, scope, month, resealed_at, nonce, sealed from reading
       where accepted_month = ${month} and position = any($1::bigint[])`,
      // As text: a driver would escape every number of a list.
      [`{${those.map(({ position }) => position).join(",")}}`],
    );
    for (const row of found) rows.set(row.position, row);
  }
  return rows;
}

type Value = (given: number) => string;
const isGiven = (bound: Bound): bound is number => bound !== null && bound !== undefined;

/** Conditions on a leaf. "+ 0" keeps the planner away from the index of positions: all that others sent lies between them. */
function bounds({ fromSequence, untilSequence, fromPosition, untilPosition }: ReadingRange, value: Value): string {
  const given: [string, Bound][] = [
    ["sequence >=", fromSequence],
    ["sequence <", untilSequence],
    ["position + 0 >=", fromPosition],
    ["position + 0 <", untilPosition],
  ];
  return given.map(([condition, at]) => (!isGiven(at) ? "" : ` and ${condition} ${value(at)}`)).join("");
}

function placesBySequence(range: ReadingRange, value: Value): string {
  return `select ${PLACE} from leaf
    where kind = ${LEAF_KINDS.reading} and subject = $1${bounds(range, value)}`;
}

/**
 * By `latest_ms`, which rises with the sequence: what begins at or after `since` comes where that has reached it. What begins
 * before `until` comes where it has not, but for readings behind their device's clock, which have an index of their own.
 */
function placesByTime(range: ReadingRange, value: Value): string {
  const { since, until, fromSequence } = range;
  // No other kind of leaf has times; one that is named here would lead the planner to the index of sequences.
  const inside = `subject = $1${bounds(range, value)}`;
  const notBefore = !isGiven(since) ? "" : ` and from_ms >= ${value(since)}`;
  const reached = !isGiven(since) ? "" : ` and latest_ms >= ${value(since)}`;
  // Where a later page begins in that index; nothing where no reading has such a sequence.
  const page = !isGiven(fromSequence)
    ? ""
    : ` and latest_ms >= (select latest_ms from leaf
            where kind = ${LEAF_KINDS.reading} and subject = $1 and sequence >= ${value(fromSequence)}
            order by sequence limit 1)`;
  const inOrder = (before?: string): string =>
    `(select ${PLACE} from leaf where ${inside}${reached}${page}${notBefore}${before ?? ""}
      order by latest_ms, sequence limit ${value(range.limit ?? 1_000)})`;
  if (!isGiven(until)) return `select * from ${inOrder()} a`;
  const end = value(until);
  // "+ 0" keeps the second part away from the first one's index, where everything later than `until` would be looked through.
  return `select * from (${inOrder(` and latest_ms < ${end}`)} union all
    (select ${PLACE} from leaf where ${inside}${notBefore} and from_ms < latest_ms and from_ms < ${end}
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
    `select l.sequence,
       (select a.accepted_at from ack a where a.first <= l.position order by a.first desc limit 1) as accepted_at
     from leaf l where l.subject = $1 and l.latest_ms <= $2 and ($3::bigint is null or l.sequence < $3)
     order by l.latest_ms desc, l.sequence desc limit 1`,
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

function toReading(place: Place, row: Row | undefined): StoredReading {
  const { position, sequence } = place;
  if (!row) throw new TwinwardError("DATA_UNUSABLE", { position, detail: "The leaf is there, its reading is not." });
  return {
    position,
    sequence,
    per: place.per,
    latest: place.latest,
    signingInput: row.signing_input,
    signature: row.signature,
    content: place.content,
    leaf: place.leaf,
    scope: toHex(row.scope),
    month: row.month,
    resealedAt: row.resealed_at,
    nonce: row.nonce,
    sealed: row.sealed,
  };
}

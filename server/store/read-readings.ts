import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { Tx } from "./database.ts";
import type { Parameter } from "./parameters.ts";

/** An accepted reading as it is stored: the signed part in the clear, disclosures and flags sealed. */
export interface StoredReading {
  readonly position: number;
  readonly device: Hex;
  readonly sequence: number;
  /** The period [from, to), ms. */
  readonly per: readonly [number, number];
  readonly signingInput: string;
  readonly signature: Uint8Array;
  readonly content: Hex;
  readonly scope: Hex;
  readonly month: string;
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** Which readings of one device: all bounds optional, lower ones inclusive. */
export interface ReadingRange {
  readonly device: Hex;
  readonly fromSequence?: number;
  /** Exclusive. */
  readonly untilSequence?: number;
  /** Readings that overlap [since, until), ms. */
  readonly since?: number;
  readonly until?: number;
  /** Rows at most, default 1 000. */
  readonly limit?: number;
}

interface Row {
  position: number;
  device: Uint8Array;
  sequence: number;
  from_ms: number;
  until_ms: number;
  signing_input: string;
  signature: Uint8Array;
  content: Uint8Array;
  scope: Uint8Array;
  month: string;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/** A device's readings in order of sequence. For the next page ask from the last sequence + 1 on. */
export async function readReadings(tx: Tx, range: ReadingRange): Promise<StoredReading[]> {
  const parameters: Parameter[] = [fromHex(range.device, 32)];
  const bounds = ["r.device = $1"];
  const bound = (condition: string, value: number | undefined): void => {
    if (value === undefined) return;
    parameters.push(value);
    bounds.push(`${condition} $${parameters.length}`);
  };
  bound("r.sequence >=", range.fromSequence);
  bound("r.sequence <", range.untilSequence);
  bound("r.until_ms >", range.since);
  bound("r.from_ms <", range.until);
  parameters.push(range.limit ?? 1_000);
  const rows = await tx.query<Row>(
    `select r.position, r.device, r.sequence, r.from_ms, r.until_ms, r.signing_input, r.signature, l.content, r.scope,
       r.month, r.nonce, r.sealed
     from reading r join leaf l on l.position = r.position
     where ${bounds.join(" and ")} order by r.sequence limit $${parameters.length}`,
    parameters,
  );
  return rows.map(toReading);
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
    device: toHex(row.device),
    sequence: row.sequence,
    per: [row.from_ms, row.until_ms],
    signingInput: row.signing_input,
    signature: row.signature,
    content: toHex(row.content),
    scope: toHex(row.scope),
    month: row.month,
    nonce: row.nonce,
    sealed: row.sealed,
  };
}

import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { sealAside, type AsidePlace } from "../keys/sealed-reading.ts";
import type { Tx } from "../store/database.ts";
import type { Waited } from "./hold-clock.ts";

/** A reading that waits for those before it; its text is sealed when it comes from the store. */
export interface HeldReading extends AsidePlace {
  readonly nonce?: Uint8Array;
  readonly sealed?: Uint8Array;
}

interface Row {
  device: Uint8Array;
  sequence: number;
  content: Uint8Array;
  received_at: number;
  scope: Uint8Array;
  month: string;
  nonce: Uint8Array;
  sealed: Uint8Array;
}

/** What is held for these devices, and of any device what has waited long enough, where that is given. */
export async function readHeld(tx: Tx, devices: readonly Hex[], waited?: Waited): Promise<HeldReading[]> {
  const { before, after } = waited ?? { before: -1, after: Number.MAX_SAFE_INTEGER };
  const rows = await tx.query<Row>(
    "select * from held where device = any($1::bytea[]) or received_at <= $2 or received_at > $3",
    [devices.map((device) => fromHex(device, 32)), Math.floor(before), Math.floor(after)],
  );
  return rows.map(({ device, sequence, content, received_at, scope, month, nonce, sealed }) => ({
    device: toHex(device),
    sequence,
    content: toHex(content),
    receivedAt: received_at,
    scope: toHex(scope),
    month,
    nonce,
    sealed,
  }));
}

export async function insertHeld(
  tx: Tx,
  keys: KeyStore,
  readings: readonly (AsidePlace & { readonly text: string })[],
): Promise<void> {
  if (readings.length === 0) return;
  const sealed = readings.map((reading) => sealAside(keys, placeOf(reading), reading.text));
  await tx.query(
    `insert into held (device, sequence, content, received_at, scope, month, nonce, sealed)
     select * from unnest($1::bytea[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bytea[], $6::text[], $7::bytea[],
       $8::bytea[])`,
    [
      readings.map(({ device }) => fromHex(device, 32)),
      readings.map(({ sequence }) => sequence),
      readings.map(({ content }) => fromHex(content, 32)),
      readings.map(({ receivedAt }) => receivedAt),
      readings.map(({ scope }) => fromHex(scope, 32)),
      readings.map(({ month }) => month),
      sealed.map(({ nonce }) => nonce),
      sealed.map((each) => each.sealed),
    ],
  );
}

export async function deleteHeld(tx: Tx, rows: readonly HeldReading[]): Promise<void> {
  if (rows.length === 0) return;
  await tx.query(
    `delete from held h using unnest($1::bytea[], $2::bigint[], $3::bytea[]) as g (device, sequence, content)
     where h.device = g.device and h.sequence = g.sequence and h.content = g.content`,
    [
      rows.map(({ device }) => fromHex(device, 32)),
      rows.map(({ sequence }) => sequence),
      rows.map(({ content }) => fromHex(content, 32)),
    ],
  );
}

function placeOf({ device, sequence, content, scope, month, receivedAt }: AsidePlace): AsidePlace {
  return { device, sequence, content, scope, month, receivedAt };
}

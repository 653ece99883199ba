import { fromHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { readRecord, type ErasureRecord } from "../../protocol/record.ts";
import { LEAF_KINDS } from "../../protocol/words.ts";
import type { Tx } from "./database.ts";

/** An erasure that is recorded. */
export interface StoredErasure {
  readonly position: number;
  readonly leaf: Hex;
  readonly record: ErasureRecord;
}

/** Erasures of a device, of all devices where none is named, in the order of the stream. Throws UNUSABLE_RECORD. */
export async function readErasures(tx: Tx, device?: Hex): Promise<StoredErasure[]> {
  const rows = await tx.query<{ position: number; hash: Uint8Array; body: string }>(
    `select l.position, l.hash, d.body from leaf l join record d on d.position = l.position
     where l.kind = ${LEAF_KINDS.erasure}${device === undefined ? "" : " and l.subject = $1"} order by l.position`,
    device === undefined ? [] : [fromHex(device, 32)],
  );
  return rows.map(({ position, hash, body }) => {
    return { position, leaf: toHex(hash), record: readRecord(body) as unknown as ErasureRecord };
  });
}

/** What was sealed at `position` under the key of this scope and month. */
export interface SealedPlace {
  readonly scope: Hex;
  readonly month: string;
  readonly position: number;
  /** Leaves that the stream had when it was sealed again: an erasure before that did not destroy its key. */
  readonly resealedAt?: number | null;
}

/** The erasure by which a reading was erased: the first of its scope and month that comes after its sealing. */
export function erasureOf(
  erasures: readonly StoredErasure[],
  { scope, month, position, resealedAt }: SealedPlace,
): StoredErasure | undefined {
  const sealed = Math.max(position, (resealedAt ?? 0) - 1);
  return erasures.find(
    ({ position: erased, record }) => sealed < erased && record.scope === scope && record.months.includes(month),
  );
}

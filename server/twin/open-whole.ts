import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import type { KeyStore } from "../keys/key-store.ts";
import { openReading, type OpenedReading } from "../keys/sealed-reading.ts";
import { openValue } from "../keys/sealed-value.ts";
import type { Tx } from "../store/database.ts";
import { erasureOf, readErasures, type SealedPlace, type StoredErasure } from "../store/read-erasures.ts";
import type { StoredReading } from "../store/read-readings.ts";
import type { KeptValue } from "../store/read-releases.ts";

export type Opened = Pick<OpenedReading, "disclosures" | "remarks"> & {
  /** Its key was destroyed: nobody can say any more what was disclosed. */
  readonly erased: boolean;
};

interface Openers {
  readonly database: Tx;
  readonly keys: KeyStore;
}

export const ERASED: Opened = { disclosures: [], remarks: [], erased: true };

/**
 * Opens a device's readings, in their order. One that does not open is erased where an erasure says so, or its key was destroyed and
 * that is being recorded right now; otherwise this throws as `openReading` does. With `scopeOf`, to whom a sequence belongs, it
 * throws NOT_RESEALED_YET where one lies under the key of another scope still.
 */
export async function openWhole(
  { database, keys }: Openers,
  device: Hex,
  rows: readonly StoredReading[],
  scopeOf?: (sequence: number) => Hex,
): Promise<Opened[]> {
  return openEach({ database, keys }, device, rows, (row) => {
    const { disclosures, remarks } = openReading(keys, { device, ...row }, row);
    const belongsTo = scopeOf?.(row.sequence) ?? row.scope;
    if (belongsTo !== row.scope) throw new TwinwardError("NOT_RESEALED_YET", { device, sequence: row.sequence });
    return { disclosures, remarks, erased: false };
  }).then((opened) => opened.map((one) => one ?? ERASED));
}

/** The characters of released values of one device, in their order; undefined for one that was erased. Throws as `openWhole`. */
export async function openValues(
  rooms: Openers,
  device: Hex,
  rows: readonly KeptValue[],
): Promise<(string | undefined)[]> {
  const places = rows.map((row) => ({ ...row, scope: row.assignment }));
  return openEach(rooms, device, places, (row) => openValue(rooms.keys, row, row));
}

async function openEach<Row extends SealedPlace, T>(
  { database, keys }: Openers,
  device: Hex,
  rows: readonly Row[],
  open: (row: Row) => T,
): Promise<(T | undefined)[]> {
  let erasures: readonly StoredErasure[] | undefined;
  const opened: (T | undefined)[] = [];
  for (const row of rows) {
    try {
      opened.push(open(row));
    } catch (error) {
      if (!(error instanceof TwinwardError) || error.code === "NOT_RESEALED_YET") throw error;
      // Asked for only here: whoever reads what is there pays nothing for what is not.
      erasures ??= await readErasures(database, device);
      const isBeing = error.code === "KEY_MISSING" && keys.wasErased(row.scope, row.month);
      if (!isBeing && erasureOf(erasures, row) === undefined) throw error;
      opened.push(undefined);
    }
  }
  return opened;
}

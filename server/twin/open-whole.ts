import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { openReading, type OpenedReading } from "../keys/sealed-reading.ts";
import { erasureOf, readErasures, type StoredErasure } from "../store/read-erasures.ts";
import type { StoredReading } from "../store/read-readings.ts";
import type { TwinRooms } from "./rooms.ts";

export type Opened = Pick<OpenedReading, "disclosures" | "remarks"> & {
  /** Its key was destroyed: nobody can say any more what was disclosed. */
  readonly erased: boolean;
};

export const ERASED: Opened = { disclosures: [], remarks: [], erased: true };

/**
 * Opens a device's readings, in their order. One that does not open is erased where an erasure says so, or its key was destroyed and
 * that is being recorded right now; otherwise this throws as `openReading` does.
 */
export async function openWhole(
  { database, keys }: Pick<TwinRooms, "database" | "keys">,
  device: Hex,
  rows: readonly StoredReading[],
): Promise<Opened[]> {
  let erasures: readonly StoredErasure[] | undefined;
  const opened: Opened[] = [];
  for (const row of rows) {
    const { sequence, content, scope, month } = row;
    try {
      const { disclosures, remarks } = openReading(keys, { device, sequence, content, scope, month }, row);
      opened.push({ disclosures, remarks, erased: false });
    } catch (error) {
      if (!(error instanceof TwinwardError)) throw error;
      // Asked for only here: whoever reads what is there pays nothing for what is not.
      erasures ??= await readErasures(database, device);
      const isBeing = error.code === "KEY_MISSING" && keys.wasErased(scope, month);
      if (!isBeing && erasureOf(erasures, row) === undefined) throw error;
      opened.push(ERASED);
    }
  }
  return opened;
}

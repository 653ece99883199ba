import { openKeyStore, type KeyStore } from "../keys/key-store.ts";
import type { Database } from "../store/database.ts";
import { exclusively } from "../store/exclusively.ts";
import type { DataDirectory } from "./data-directory.ts";

/**
 * The data keys. Gateways that share a database share them too, and let one another make keys by the database's lock; opening may
 * write as well: what one of two key stores lacks it gets from the other.
 */
export function openKeys(data: DataDirectory, database: Database, keysMirror: string | undefined): Promise<KeyStore> {
  const mirror = keysMirror === undefined ? {} : { mirror: keysMirror };
  if (database.kind === "embedded") return openKeyStore(data.dataKeys, mirror);
  const alone = exclusively(database, "data keys");
  return alone(() => openKeyStore(data.dataKeys, { ...mirror, exclusively: alone }));
}

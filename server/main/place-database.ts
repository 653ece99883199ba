import { existsSync } from "node:fs";
import { TwinwardError } from "../../protocol/errors.ts";
import type { DatabasePlace } from "../store/database.ts";
import type { DataDirectory } from "./data-directory.ts";

/**
 * Where DATA's database is. What was begun in one place goes on there: with DATABASE_URL forgotten, or set later, an empty
 * database would be opened beside a chain that holds anchors. Throws DATA_UNUSABLE.
 */
export function placeDatabase(data: DataDirectory, databaseUrl: string | undefined): DatabasePlace {
  const isFounded = existsSync(data.consortium);
  const isEmbedded = existsSync(data.database);
  if (databaseUrl === undefined && isFounded && !isEmbedded)
    throw new TwinwardError("DATA_UNUSABLE", {
      detail: `${data.root} keeps its database on a PostgreSQL server: set DATABASE_URL as before.`,
    });
  if (databaseUrl !== undefined && isEmbedded)
    throw new TwinwardError("DATA_UNUSABLE", {
      detail: `${data.root} has an embedded database: unset DATABASE_URL, or begin with an empty directory.`,
    });
  return databaseUrl === undefined ? { directory: data.database } : { url: databaseUrl };
}

import { existsSync, readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
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
  if (!isEmbedded) refuseHalfRestored(data);
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

/** What a restore leaves that is killed before its end, where no database is in its place. */
function refuseHalfRestored({ database }: DataDirectory): void {
  const aside = `${database}.restoring`;
  if (!existsSync(aside)) return;
  const before = readdirSync(dirname(database))
    .filter((name) => name.startsWith(`${basename(database)}.before-`))
    .sort()
    .at(-1);
  const detail =
    before === undefined
      ? `A restore was ended before it was done, and there was no database before it: restore again. What it left in ${aside} is removed then.`
      : `A restore was ended between its last two steps: ${aside} holds all of the backup, ${before} what was there before. Restore again; or rename the one that you want to ${basename(database)}, and start.`;
  throw new TwinwardError("DATA_UNUSABLE", { detail });
}

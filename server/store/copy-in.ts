import { equalBytes, fromHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { COPIED_TABLES } from "./copied-tables.ts";
import type { CopiedHead, CopiedPage } from "./copy-out.ts";
import type { Database, DatabasePlace, Tx } from "./database.ts";
import { migrate, migrations } from "./migrate.ts";
import { makeMonth } from "./months.ts";
import { openPGlite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";
import { learnScopes } from "./sealed-scopes.ts";

/**
 * Puts a copy into an empty database, in one transaction: all of it is there or nothing. Its tables are first made as they
 * were when it was taken, and brought up to date afterwards. `check` looks at what was put in and throws to take it all back.
 * The database is returned open. Throws DATABASE_UNUSABLE where rows are there already, or the copy's migrations aren't ours.
 */
export async function copyIn(
  place: DatabasePlace,
  head: CopiedHead,
  pages: AsyncIterable<CopiedPage>,
  check: (tx: Tx) => Promise<void>,
): Promise<Database> {
  const ours = migrations();
  requireKnown(head.migrations, ours);
  const database = "url" in place ? await openPostgres(place.url) : await openPGlite(place.directory);
  try {
    await migrate(database, ours.slice(0, head.migrations.length));
    await database.transaction(async (tx) => {
      await requireEmpty(tx);
      const isByMonth = await isReadingByMonth(tx);
      for await (const { table, rows } of pages) {
        if (isByMonth && table === "reading") await makeMonthsOf(tx, rows);
        await insertRows(tx, table, rows);
      }
      await check(tx);
    });
    await migrate(database);
    await database.transaction(learnScopes);
    await matchSequences(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function requireKnown(copied: readonly Hex[], ours: ReturnType<typeof migrations>): void {
  const isKnown = copied.every((hash, i) => equalBytes(fromHex(hash, 32), ours[i]?.sha256 ?? new Uint8Array()));
  if (isKnown && copied.length > 0) return;
  throw new TwinwardError("DATABASE_UNUSABLE", {
    detail: "The backup was taken by another version, whose tables this one does not know: restore with that version.",
  });
}

async function requireEmpty(tx: Tx): Promise<void> {
  for (const { name } of COPIED_TABLES) {
    // A copy from before a table was thought of brings its tables as they were then.
    const [table] = await tx.query<{ there: boolean }>("select to_regclass($1) is not null as there", [name]);
    if (table?.there !== true) continue;
    const rows = await tx.query(`select 1 from ${name} limit 1`);
    if (rows.length > 0)
      throw new TwinwardError("DATABASE_UNUSABLE", {
        detail: `It has rows already (table ${name}): restore into an empty database, and leave this one as it is.`,
      });
  }
}

/** A copy from before readings were parted has them in one table, as it is then made. */
async function isReadingByMonth(tx: Tx): Promise<boolean> {
  const parted = await tx.query("select 1 from pg_partitioned_table where partrelid = to_regclass('reading')");
  return parted.length > 0;
}

/** Partitions are made as readings come: of each the month is the first column. */
async function makeMonthsOf(tx: Tx, rows: readonly string[]): Promise<void> {
  for (const month of new Set(rows.map((row) => /^\((\d{1,9}),/.exec(row)?.[1])))
    if (month !== undefined) await makeMonth(tx, Number(month));
}

async function insertRows(tx: Tx, table: string, rows: readonly string[]): Promise<void> {
  // The name comes from a file.
  if (!COPIED_TABLES.some(({ name }) => name === table))
    throw new TwinwardError("UNUSABLE_BACKUP", { detail: `It has rows of '${table}', which is no table of a backup.` });
  // With its schema: 'record' alone is a type of PostgreSQL's own.
  const [here] = await tx.query<{ schema: string }>("select quote_ident(current_schema()) as schema");
  const type = `${here?.schema ?? "public"}.${table}`;
  await tx.query(`insert into ${type} select (given.r).* from (select unnest($1::text[])::${type} as r) given`, [rows]);
}

/** Columns that count by themselves go on after the highest that was put in. */
async function matchSequences(database: Database): Promise<void> {
  const counting = await database.query<{ table: string; column: string }>(
    `select table_name as table, column_name as column from information_schema.columns
     where table_schema = current_schema() and column_default like 'nextval(%'`,
  );
  for (const { table, column } of counting)
    await database.query(
      `select setval(pg_get_serial_sequence('${table}', '${column}'), greatest(1, coalesce(max("${column}"), 1))) from "${table}"`,
    );
}

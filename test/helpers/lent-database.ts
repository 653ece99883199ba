// Embedded databases that are lent: to open one costs a second of a core, to empty one a few hundredths.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase, type Database } from "../../server/store/database.ts";

const free: Database[] = [];
let opened = 0;

/**
 * An empty embedded database for a test that never looks at its files nor opens it again: one that a test of this process has given
 * back, or a new one. `close` empties it and gives it back; whoever asks it afterwards gets an error, as from a closed one.
 */
export async function lendDatabase(): Promise<Database> {
  const database = free.pop() ?? (await openAnother());
  let isClosed = false;
  const whileOpen = <T>(call: () => Promise<T>): Promise<T> =>
    isClosed ? Promise.reject(new Error("The embedded database is closed.")) : call();
  return {
    ...database,
    query: (sql, parameters) => whileOpen(() => database.query(sql, parameters)),
    script: (sql) => whileOpen(() => database.script(sql)),
    transaction: (work, options) => whileOpen(() => database.transaction(work, options)),
    close: async () => {
      if (isClosed) return;
      isClosed = true;
      await empty(database);
      free.push(database);
    },
  };
}

async function openAnother(): Promise<Database> {
  const directory = mkdtempSync(join(tmpdir(), `twinward-lent-${opened++}-`));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return openDatabase({ directory: join(directory, "database") });
}

/** But what says which migrations it has. Partitions are emptied with the table that they are part of. */
async function empty(database: Database): Promise<void> {
  const tables = await database.query<{ name: string }>(
    `select quote_ident(c.relname) as name from pg_class c
     where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> 'migration'`,
  );
  await database.script(`truncate ${tables.map(({ name }) => name).join(", ")} restart identity`);
}

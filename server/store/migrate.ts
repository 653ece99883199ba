import { readdirSync, readFileSync } from "node:fs";
import { equalBytes, toHex, utf8 } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { sha256 } from "../../protocol/hash.ts";
import type { Database, Tx } from "./database.ts";
import { sqlstateOf } from "./postgres-errors.ts";

const FOLDER = new URL("./migrations/", import.meta.url);
/** Number of the advisory lock that whoever makes the first table holds: "tw" and its own number. */
const MIGRATING = 0x7477_0001;
const NONE = new Uint8Array();

/** One numbered file of migrations/, and the SHA-256 of its text. */
export interface Migration {
  readonly number: number;
  readonly sql: string;
  readonly sha256: Uint8Array;
}

/** Our migrations in order; their numbers count from 1 without a gap. */
export function migrations(): Migration[] {
  const names = readdirSync(FOLDER)
    .filter((name) => /^\d{3}_[a-z0-9_]+\.sql$/.test(name))
    .sort();
  return names.map((name, index) => {
    const sql = readFileSync(new URL(name, FOLDER), "utf8");
    if (Number(name.slice(0, 3)) !== index + 1) throw new RangeError(`migration ${name} is out of order`);
    return { number: index + 1, sql, sha256: sha256(utf8(sql)) };
  });
}

/**
 * Brings the tables up to date, each migration in a transaction of its own together with its row. What was applied before
 * must be, byte for byte, what we have: a database of another version is refused with DATABASE_UNUSABLE, never guessed at.
 */
export async function migrate(
  database: Tx & Pick<Database, "transaction">,
  ours: readonly Migration[] = migrations(),
): Promise<void> {
  let isDone = false;
  await apply(database, async (tx) => void (isDone = await isUpToDate(tx, ours)));
  if (isDone) return;
  await apply(database, async (tx) => {
    // Two servers may start at once on an empty database, and "if not exists" is no lock: both would make the table.
    await tx.query("select pg_advisory_xact_lock($1)", [MIGRATING]);
    await tx.script("create table if not exists migration (number bigint primary key, sha256 bytea not null)");
  });
  for (const migration of ours)
    await apply(database, async (tx) => {
      // The second of two servers waits here and then finds the row.
      await tx.script("lock table migration in exclusive mode");
      const [applied] = await tx.query<{ sha256: Uint8Array }>("select sha256 from migration where number = $1", [
        migration.number,
      ]);
      if (applied) return refuseOther(migration, applied.sha256);
      await tx.script(migration.sql);
      await tx.query("insert into migration (number, sha256) values ($1, $2)", [migration.number, migration.sha256]);
    });
  const [{ count } = { count: 0 }] = await database.query<{ count: number }>("select count(*) as count from migration");
  if (count > ours.length) {
    throw new TwinwardError("DATABASE_UNUSABLE", {
      detail: `It has ${count} migrations, this version ${ours.length}.`,
    });
  }
}

async function isUpToDate(tx: Tx, ours: readonly Migration[]): Promise<boolean> {
  const [table] = await tx.query<{ there: boolean }>("select to_regclass('migration') is not null as there");
  if (table?.there !== true) return false;
  const applied = await tx.query<{ sha256: Uint8Array }>("select sha256 from migration order by number");
  return applied.length === ours.length && ours.every((one, i) => equalBytes(one.sha256, applied[i]?.sha256 ?? NONE));
}

/** A server may let us in and yet not let us make tables. */
async function apply(database: Pick<Database, "transaction">, step: (tx: Tx) => Promise<void>): Promise<void> {
  try {
    await database.transaction(step);
  } catch (error) {
    if (sqlstateOf(error) === undefined) throw error;
    const detail = `Its tables cannot be made: ${(error as Error).message}.`;
    throw new TwinwardError("DATABASE_UNUSABLE", { detail }, error);
  }
}

function refuseOther(migration: Migration, applied: Uint8Array): void {
  if (equalBytes(applied, migration.sha256)) return;
  const facts = { migration: migration.number, applied: toHex(applied), ours: toHex(migration.sha256) };
  throw new TwinwardError("DATABASE_UNUSABLE", { ...facts, detail: `Migration ${migration.number} is not ours.` });
}

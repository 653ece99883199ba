import { migrate } from "./migrate.ts";
import type { Parameter } from "./parameters.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { openPGlite } from "./pglite.ts";
import { openPostgres } from "./postgres.ts";

/** What may be asked inside a transaction. Rows are plain objects: bytea as Uint8Array, bigint as a safe number. */
export interface Tx {
  query<T>(sql: string, parameters?: readonly Parameter[]): Promise<T[]>;
  /** Several statements without parameters. */
  script(sql: string): Promise<void>;
}

/**
 * PostgreSQL, embedded or a server's. When `transaction` has resolved, its writes are on disk; when it rejects they are
 * rolled back, except when the connection broke while committing: then nobody knows, and the caller must look again.
 * Embedded there is one connection: `query` waits for a running transaction, so never await it inside one.
 */
export interface Database extends Tx {
  readonly kind: "embedded" | "server";
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Where the database is: a directory of our own (made when absent), or the URL of a PostgreSQL server. */
export type DatabasePlace = { readonly directory: string } | { readonly url: string };

/**
 * Opens the database and brings its tables up to date. The embedded one must be opened by one process only: take the lock of
 * lock.ts first. Throws DATABASE_UNAVAILABLE, and DATABASE_UNUSABLE when its migrations are not ours.
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const database = "url" in place ? await openPostgres(place.url) : await openPGlite(place.directory);
  try {
    await database.query("select 1").catch((cause: unknown) => {
      throw new TwinwardError("DATABASE_UNAVAILABLE", {}, cause);
    });
    await migrate(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

import type { TwinwardError } from "../../protocol/errors.ts";
import { migrate, migrations } from "./migrate.ts";
import type { Parameter } from "./parameters.ts";
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
  /** Resolves with DATABASE_ENDED when the embedded one has given up for good, as where its log could not be written. */
  readonly ended?: Promise<TwinwardError>;
  transaction<T>(work: (tx: Tx) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Holds a name for this process until it is released or the process ends. Throws DATABASE_LOCKED when another one has had
   * it for `waitMs` (3 000). Embedded the database has one process anyhow.
   */
  claim(name: string, options?: ClaimOptions): Promise<Claim>;
  close(): Promise<void>;
}

export interface TransactionOptions {
  /**
   * Others wait for what it locks. A server ends it when this process says nothing for half a minute: one that is frozen, by its
   * machine or a debugger, must not hold them up for as long. It fails with DATABASE_UNAVAILABLE then, and nothing is written.
   */
  readonly holdsOthersUp?: boolean;
}

export interface ClaimOptions {
  readonly waitMs?: number;
}

/** A name that this process holds. */
export interface Claim {
  /**
   * Resolves when it is still held, or held again after the connection broke. Throws DATABASE_LOCKED when another process took
   * it meanwhile, DATABASE_UNAVAILABLE when the server cannot be asked.
   */
  assure(): Promise<void>;
  release(): Promise<void>;
}

/** Where the database is: a directory of our own (made when absent), or the URL of a PostgreSQL server. */
export type DatabasePlace = { readonly directory: string } | { readonly url: string };

/**
 * Opens the database and brings its tables up to date. The embedded one must be opened by one process only: take the lock of
 * lock.ts first. Throws DATABASE_UNAVAILABLE, and DATABASE_UNUSABLE when its migrations are not ours or cannot be applied.
 */
export async function openDatabase(place: DatabasePlace): Promise<Database> {
  const tables = migrations();
  const database = "url" in place ? await openPostgres(place.url) : await openPGlite(place.directory, { tables });
  try {
    await migrate(database, tables);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

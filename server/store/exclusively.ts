import type { Database } from "./database.ts";

/**
 * Runs a work while no other process that has this database runs one of the same name. It lasts as long as a transaction, so
 * whoever dies in it lets the next one in. Embedded there is no other process.
 */
export function exclusively(database: Database, name: string): <T>(work: () => Promise<T>) => Promise<T> {
  return (work) =>
    database.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`twinward ${name}`]);
      return work();
    });
}

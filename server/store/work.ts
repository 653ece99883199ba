import type { Tx } from "./database.ts";

/**
 * Runs `work` in a transaction that has begun. A statement that failed has ended the transaction, and PostgreSQL answers the
 * COMMIT after it with a rollback and no error: whoever swallowed the error would believe that it is written. So it is thrown.
 */
export async function runWork<T>(tx: Tx, work: (tx: Tx) => Promise<T>): Promise<T> {
  let failed: { readonly error: unknown } | undefined;
  const watched = async <R>(asked: Promise<R>): Promise<R> => {
    try {
      return await asked;
    } catch (error) {
      failed ??= { error };
      throw error;
    }
  };
  const value = await work({
    query: (sql, parameters) => watched(tx.query(sql, parameters)),
    script: (sql) => watched(tx.script(sql)),
  });
  if (failed) throw failed.error;
  return value;
}

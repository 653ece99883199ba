import pg from "pg";
import type { Database, Tx } from "./database.ts";
import { BYTEA, fromBytea, fromInt8, INT8, toWire, type Parameter } from "./parameters.ts";

/** A PostgreSQL server by URL, through a pool. Whether a commit is durable is then that server's configuration. */
export async function openPostgres(url: string): Promise<Database> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, fromInt8);
  types.setTypeParser(BYTEA, fromBytea);
  const pool = new pg.Pool({ connectionString: url, types, max: 8 });
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);

  const tx = (runner: pg.Pool | pg.PoolClient): Tx => ({
    query: async <T>(sql: string, parameters: readonly Parameter[] = []) =>
      (await runner.query(sql, toWire(parameters))).rows as T[],
    script: async (sql) => void (await runner.query(sql)),
  });
  return {
    kind: "server",
    ...tx(pool),
    transaction: async (work) => {
      const client = await pool.connect();
      let broken: Error | undefined;
      try {
        await client.query("begin");
        const result = await work(tx(client));
        await client.query("commit");
        return result;
      } catch (error) {
        await client.query("rollback").catch((cause: unknown) => (broken = cause as Error));
        throw error;
      } finally {
        client.release(broken);
      }
    },
    close: () => pool.end(),
  };
}

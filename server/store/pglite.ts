import { PGlite } from "@electric-sql/pglite";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Database, Tx } from "./database.ts";
import { DurableFiles, durableParameters } from "./durable-files.ts";
import { BYTEA, BYTEA_ARRAY, fromBytea, fromInt8, INT8, toWire, type Parameter } from "./parameters.ts";
import { createDataDirectory } from "./template.ts";

interface Runner {
  query<T>(sql: string, parameters?: unknown[]): Promise<{ rows: T[] }>;
  exec(sql: string): Promise<unknown>;
}

/** The embedded PostgreSQL over `directory`, made when absent. One process only: it has no lock of its own. */
export async function openPGlite(directory: string): Promise<Database> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  if (!existsSync(join(directory, "PG_VERSION"))) await createDataDirectory(directory);
  const postgres = new PGlite({
    fs: new DurableFiles(directory),
    startParams: durableParameters(PGlite.defaultStartParams),
    parsers: { [INT8]: fromInt8, [BYTEA]: fromBytea },
    serializers: { [BYTEA]: (value: unknown) => value as string },
  });
  await postgres.waitReady;
  // PGlite's own text of a bytea array is far slower than the binary one, which `toWire` has made already.
  postgres.serializers[BYTEA_ARRAY] = (value: unknown) => (Array.isArray(value) ? "{}" : value) as string;

  const tx = (runner: Runner): Tx => ({
    query: async <T>(sql: string, parameters: readonly Parameter[] = []) =>
      (await runner.query<T>(sql, toWire(parameters))).rows,
    script: async (sql) => void (await runner.exec(sql)),
  });
  return {
    kind: "embedded",
    ...tx(postgres),
    transaction: (work) => postgres.transaction((runner) => work(tx(runner))),
    close: () => postgres.close(),
  };
}

import { PGlite } from "@electric-sql/pglite";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Database, Tx } from "./database.ts";
import { DurableFiles, durableParameters } from "./durable-files.ts";
import { BYTEA, BYTEA_ARRAY, fromBytea, fromInt8, INT8, TEXT_ARRAY, toWire, type Parameter } from "./parameters.ts";
import { createDataDirectory } from "./template.ts";
import { watchPanic } from "./panic.ts";
import { asOursEmbedded } from "./postgres-errors.ts";
import { runWork } from "./work.ts";

/** Bytes of write-ahead log after which its pages are written to the tables: bounds disk, and the start after a kill. */
const LONG_LOG = 64 * 1024 * 1024;
const CALLS_BETWEEN_LOOKS = 64;

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
  const panic = watchPanic(postgres);
  // PGlite's own text of such arrays is far slower than the binary one, which `toWire` has made already.
  for (const type of [BYTEA_ARRAY, TEXT_ARRAY])
    postgres.serializers[type] = (value: unknown) => (Array.isArray(value) ? "{}" : value) as string;

  const ours = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      throw panic.hasEnded ? await panic.ended : asOursEmbedded(error);
    }
  };
  const tx = (runner: Runner): Tx => ({
    query: async <T>(sql: string, parameters: readonly Parameter[] = []) =>
      (await ours(() => runner.query<T>(sql, toWire(parameters)))).rows,
    script: async (sql) => void (await ours(() => runner.exec(sql))),
  });
  // A single-user PostgreSQL never checkpoints by itself: without this its log would grow until it is closed, and the start
  // after a kill would replay all of it.
  let calls = 0;
  let checkpointing: Promise<void> | undefined;
  const checkpointWhenDue = (): void => {
    if (++calls % CALLS_BETWEEN_LOOKS !== 0 || checkpointing) return;
    checkpointing = checkpointLongLog(postgres)
      .catch(() => undefined) // Whoever commits next finds out: a log that cannot be synced fails the commit itself.
      .finally(() => (checkpointing = undefined));
  };
  const watched = async <T>(call: Promise<T>): Promise<T> => {
    const value = await call;
    checkpointWhenDue();
    return value;
  };
  const plain = tx(postgres);
  return {
    kind: "embedded",
    ended: panic.ended,
    query: (sql, parameters) => watched(plain.query(sql, parameters)),
    script: (sql) => watched(plain.script(sql)),
    transaction: (work) => watched(ours(() => postgres.transaction((runner) => runWork(tx(runner), work)))),
    // One process opens it, which DATA's lock sees to: there is nobody to hold a name against.
    claim: async () => ({ assure: async () => undefined, release: async () => undefined }),
    close: async () => {
      await checkpointing;
      // After a panic there is nothing that it could still write, and it would never end.
      if (!panic.hasEnded) await postgres.close();
    },
  };
}

async function checkpointLongLog(postgres: PGlite): Promise<void> {
  const { rows } = await postgres.query<{ bytes: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()",
  );
  if ((rows[0]?.bytes ?? 0) > LONG_LOG) await postgres.exec("checkpoint");
}

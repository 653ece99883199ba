import { Mutex } from "@electric-sql/pglite";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Database, Tx } from "./database.ts";
import type { Migration } from "./migrate.ts";
import { PGliteThread } from "./pglite-thread.ts";
import { PGliteWire } from "./pglite-wire.ts";
import { createDataDirectory } from "./template.ts";
import { asOursEmbedded } from "./postgres-errors.ts";
import { runWork } from "./work.ts";

/**
 * Bytes of write-ahead log after which its pages are written to the tables: bounds disk, and the start after a kill.
 * Everybody waits meanwhile, some 40 ms; with four times as much it is four times as long, and costs as much in all.
 */
const LONG_LOG = 16 * 1024 * 1024;
const CALLS_BETWEEN_LOOKS = 16;

interface Options {
  /** Where `directory` is absent, it is made with the tables of these. */
  readonly tables?: readonly Migration[];
  /** The file of its thread, where it isn't ours. */
  readonly worker?: URL;
}

/** The embedded PostgreSQL over `directory`, made when absent. One process only: it has no lock of its own. */
export async function openPGlite(directory: string, { tables, worker }: Options = {}): Promise<Database> {
  await mkdir(dirname(directory), { recursive: true, mode: 0o700 });
  if (!existsSync(join(directory, "PG_VERSION"))) await createDataDirectory(directory, tables);
  const thread = await PGliteThread.open(directory, worker);
  const wire = new PGliteWire(thread);
  const ours = async <T>(ask: Promise<T>): Promise<T> => {
    try {
      return await ask;
    } catch (error) {
      throw asOursEmbedded(error);
    }
  };
  const tx: Tx = {
    query: (sql, parameters) => ours(wire.query(sql, parameters)),
    script: (sql) => ours(wire.script(sql)),
  };
  // A single-user PostgreSQL never checkpoints by itself: without this its log would grow until it is closed, and the start
  // after a kill would replay all of it.
  let calls = 0;
  let checkpointing: Promise<void> | undefined;
  const turns = new Mutex();
  const checkpointWhenDue = (): void => {
    if (++calls % CALLS_BETWEEN_LOOKS !== 0 || checkpointing) return;
    checkpointing = turns
      .runExclusive(() => checkpointLongLog(wire))
      .catch(() => undefined) // Whoever commits next finds out: a log that cannot be synced fails the commit itself.
      .finally(() => (checkpointing = undefined));
  };
  /** One at a time: there is one connection, and a transaction keeps everybody else out. */
  const inTurn = async <T>(call: () => Promise<T>): Promise<T> => {
    const value = await turns.runExclusive(call);
    checkpointWhenDue();
    return value;
  };
  const transaction = async <T>(work: (tx: Tx) => Promise<T>): Promise<T> => {
    await tx.query("begin");
    try {
      const value = await runWork(tx, work);
      await tx.query("commit");
      return value;
    } catch (error) {
      // Where that fails too, the database is no more; what is told is why.
      await tx.query("rollback").catch(() => undefined);
      throw error;
    }
  };
  return {
    kind: "embedded",
    ended: thread.ended,
    query: (sql, parameters) => inTurn(() => tx.query(sql, parameters)),
    script: (sql) => inTurn(() => tx.script(sql)),
    transaction: (work) => inTurn(() => transaction(work)),
    // One process opens it, which DATA's lock sees to: there is nobody to hold a name against.
    claim: async () => ({ assure: async () => undefined, release: async () => undefined }),
    close: async () => {
      await checkpointing;
      // Whoever is in the middle of a transaction may finish it, unless that can never be.
      await (thread.hasEnded ? thread.close() : turns.runExclusive(() => thread.close()));
    },
  };
}

async function checkpointLongLog(wire: PGliteWire): Promise<void> {
  const [row] = await wire.query<{ bytes: number }>(
    "select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()",
  );
  if ((row?.bytes ?? 0) > LONG_LOG) await wire.query("checkpoint");
}

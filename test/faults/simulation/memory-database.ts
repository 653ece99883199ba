import { TwinwardError } from "../../../protocol/errors.ts";
import type { Clock } from "../../../server/chain/clock.ts";
import type { Database, Tx } from "../../../server/store/database.ts";
import { runWork } from "../../../server/store/work.ts";
import type { Random } from "../../../ml/random.ts";
import { answerOf, emptyTables, makePartitions, type Row, type Tables } from "./memory-statements.ts";

/**
 * What the way from a reading to its anchor asks of its tables, kept in memory: durable over the deaths of simulated processes,
 * and quick enough for thousands of schedules.
 */
export class MemoryTables {
  /** What is committed. */
  tables: Tables = emptyTables();
  /** How likely a write fails. */
  failing = 0;

  /** The database as one process has it: its connection dies with it, and an open transaction with that. */
  connect(clock: Clock, random: Random): Database {
    let tail: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const mine = tail.then(work);
      tail = mine.catch(() => undefined);
      return mine;
    };
    /** Takes time, and may fail before anything is written or after everything is. */
    const commit = async (tables: Tables): Promise<void> => {
      await clock.pause(random.integer(3));
      const fails = random.uniform() < this.failing;
      const persists = random.integer(2) === 0;
      if (fails && !persists) throw new TwinwardError("DISK_FULL");
      this.tables = tables;
      await clock.pause(random.integer(3));
      if (fails) throw unavailable("the connection broke while it was written");
    };
    /** The statements of a transaction, on tables that nobody else sees. Any of them may be the last that the server hears. */
    const onDraft = (draft: Tables): Tx => {
      const hear = async <T>(work: () => T): Promise<T> => {
        if (random.integer(8) === 0) await clock.pause(random.integer(3));
        if (random.uniform() < this.failing / 16) throw unavailable("the connection broke in the transaction");
        return work();
      };
      return {
        query: (sql, values = []) => hear(() => answerOf(draft, sql, values) as never[]),
        script: (sql) => hear(() => makePartitions(draft, sql)),
      };
    };
    const query = async (sql: string, values: readonly unknown[]): Promise<Row[]> => {
      if (!/^\s*(insert|update|delete)/i.test(sql)) return answerOf(this.tables, sql, values);
      const draft = { ...this.tables };
      const rows = answerOf(draft, sql, values);
      await commit(draft);
      return rows;
    };
    return {
      kind: "embedded",
      query: <T>(sql: string, values: readonly unknown[] = []) => inTurn(() => query(sql, values)) as Promise<T[]>,
      script: async () => undefined,
      transaction: <T>(work: (tx: Tx) => Promise<T>) =>
        inTurn(async () => {
          const draft = { ...this.tables };
          const value = await runWork(onDraft(draft), work);
          await commit(draft);
          return value;
        }),
      claim: async () => ({ assure: async () => undefined, release: async () => undefined }),
      close: async () => undefined,
    };
  }
}

const unavailable = (reason: string): TwinwardError => new TwinwardError("DATABASE_UNAVAILABLE", {}, new Error(reason));

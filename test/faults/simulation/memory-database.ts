import { toHex, type Hex } from "../../../protocol/bytes.ts";
import type { Clock } from "../../../server/chain/clock.ts";
import type { Database, Tx } from "../../../server/store/database.ts";
import type { StoredLeaf } from "../../../server/store/read-leaves.ts";
import type { Random } from "../../../ml/random.ts";

type Row = Record<string, unknown>;
type Values = readonly unknown[];
type Parameters = Parameters_<Tx["query"]>;
type Parameters_<F> = F extends (sql: string, parameters?: infer P) => unknown ? P : never;

interface Tables {
  batch: Row[];
  outbox: Row[];
  chain_block: Row[];
  chain_event: Row[];
  leaf: StoredLeaf[];
}

const hex = (value: unknown): Hex => toHex(value as Uint8Array);
const number = (value: unknown): number => Number(value);

/** A write that did not happen, or did though nobody was told. */
export class DatabaseFailed extends Error {}

/**
 * What the anchors' road asks of its tables, kept in memory: durable over the deaths of simulated processes, and quick enough
 * for thousands of schedules. It knows exactly the statements below and fails at any other.
 */
export class MemoryTables {
  tables: Tables = { batch: [], outbox: [], chain_block: [], chain_event: [], leaf: [] };
  /** How likely a write fails. */
  failing = 0;

  ask(sql: string, values: Values): Row[] {
    const words = sql.replaceAll(/\s+/g, " ").trim();
    for (const [begins, answer] of STATEMENTS) if (words.startsWith(begins)) return answer(this.tables, values);
    throw new Error(`the memory database does not know: ${words}`);
  }

  copy(): Tables {
    const { batch, outbox, chain_block, chain_event, leaf } = this.tables;
    return {
      batch: batch.map((row) => ({ ...row })),
      outbox: outbox.map((row) => ({ ...row })),
      chain_block: [...chain_block],
      chain_event: [...chain_event],
      leaf: [...leaf],
    };
  }

  /** The database as one process has it: its connection dies with it, and an open transaction with that. */
  connect(clock: Clock, random: Random): Database {
    let tail: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const mine = tail.then(work);
      tail = mine.catch(() => undefined);
      return mine;
    };
    /** Writes take time before and after they are made, and may fail on either side. */
    const write = async <T>(make: () => Promise<T>): Promise<T> => {
      await clock.pause(random.integer(3));
      const fails = random.uniform() < this.failing;
      const persists = random.integer(2) === 0;
      if (fails && !persists) throw new DatabaseFailed("the disk is full");
      const made = await make();
      await clock.pause(random.integer(3));
      if (fails) throw new DatabaseFailed("the connection broke while it was written");
      return made;
    };
    const query = async <T>(sql: string, values: Values = []): Promise<T[]> => {
      const work = async (): Promise<T[]> => this.ask(sql, values) as T[];
      return /^\s*(insert|update|delete)/i.test(sql) ? write(work) : work();
    };
    return {
      kind: "embedded",
      query: <T>(sql: string, values?: Parameters) => inTurn(() => query<T>(sql, values)),
      script: async () => undefined,
      transaction: <T>(work: (tx: Tx) => Promise<T>) =>
        inTurn(() =>
          write(async () => {
            // Nothing in a transaction waits, so nobody sees or outlives half of one.
            const before = this.copy();
            const tx: Tx = {
              query: async <U>(sql: string, values: Values = []) => this.ask(sql, values) as U[],
              script: async () => undefined,
            };
            try {
              return await work(tx);
            } catch (error) {
              this.tables = before;
              throw error;
            }
          }),
        ),
      claim: async () => ({ assure: async () => undefined, release: async () => undefined }),
      close: async () => undefined,
    };
  }
}

const unique = (rows: Row[], row: Row, ...columns: string[]): void => {
  const isSame = (other: Row): boolean => columns.every((column) => String(other[column]) === String(row[column]));
  if (rows.some(isSame)) throw new DatabaseFailed(`duplicate key: ${columns.join(", ")}`);
};
const unnest = (names: readonly string[], columns: Values): Row[] =>
  (columns[0] as unknown[]).map((_, i) =>
    Object.fromEntries(names.map((name, c) => [name, (columns[c] as unknown[])[i]])),
  );
const byNumber = (a: Row, b: Row): number => number(a.number) - number(b.number);
const inRange = (tables: Tables, [from, until]: Values): StoredLeaf[] =>
  tables.leaf.filter(({ position }) => position >= number(from) && position < number(until));

const STATEMENTS: readonly (readonly [string, (tables: Tables, values: Values) => Row[]])[] = [
  [
    "select number, first_leaf, count, root, block_hash from batch where number >= $1 or transaction is null",
    ({ batch }, [from]) =>
      batch.filter((row) => number(row.number) >= number(from) || row.transaction === null).sort(byNumber),
  ],
  [
    "select number, first_leaf + count as next from batch order by number desc limit 1",
    ({ batch }) => {
      const last = batch.toSorted(byNumber).at(-1);
      return last === undefined ? [] : [{ number: last.number, next: number(last.first_leaf) + number(last.count) }];
    },
  ],
  [
    "insert into batch (number, first_leaf, count, root)",
    ({ batch }, [n, first_leaf, count, root]) => {
      const row = { number: n, first_leaf, count, root, transaction: null, block_hash: null };
      unique(batch, row, "number");
      batch.push(row);
      return [];
    },
  ],
  [
    "update batch set transaction = $2, block = $3, block_hash = $4, block_time = $5 where number = $1",
    ({ batch }, [n, transaction, , block_hash]) => {
      for (const row of batch) if (row.number === n) Object.assign(row, { transaction, block_hash });
      return [];
    },
  ],
  [
    "select string_agg(hash,",
    (tables, values) => {
      const leaves = inRange(tables, values);
      const flat =
        leaves.length === 0 ? null : Buffer.concat(leaves.map((leaf) => Buffer.from(leaf.hash.slice(2), "hex")));
      return [{ flat, regular: true }];
    },
  ],
  ["select string_agg(int8send(position)", () => [{ packed: null, regular: null }]],
  [
    "select position, kind, subject, sequence, content, hash from leaf where position >= $1",
    (tables, values) =>
      inRange(tables, values).map((leaf) => ({
        ...leaf,
        subject: Buffer.from(leaf.subject.slice(2), "hex"),
        content: Buffer.from(leaf.content.slice(2), "hex"),
        hash: Buffer.from(leaf.hash.slice(2), "hex"),
      })),
  ],
  // The leaves' own bytes are the store's matter.
  ["select accepted_month as month from leaf", () => []],
  ["select l.position, l.accepted_month from leaf l", () => []],
  [
    "select hash, nonce, raw, purpose from outbox",
    ({ outbox }) => outbox.toSorted((a, b) => number(a.nonce) - number(b.nonce)),
  ],
  [
    "select max(nonce) + 1 as next from outbox",
    ({ outbox }) => [{ next: outbox.length === 0 ? null : Math.max(...outbox.map(({ nonce }) => number(nonce))) + 1 }],
  ],
  ["lock table outbox", () => []],
  [
    "insert into outbox (hash, sender, nonce, raw, purpose)",
    ({ outbox }, [hash, sender, nonce, raw, purpose]) => {
      const row = { hash, sender, nonce, raw, purpose };
      unique(outbox, row, "nonce");
      outbox.push(row);
      return [];
    },
  ],
  [
    "update outbox set hash = $2, raw = $3 where hash = $1",
    ({ outbox }, [old, hash, raw]) => {
      for (const row of outbox) if (hex(row.hash) === hex(old)) Object.assign(row, { hash, raw });
      return [];
    },
  ],
  [
    "delete from outbox where hash = $1",
    (tables, [hash]) => {
      tables.outbox = tables.outbox.filter((row) => hex(row.hash) !== hex(hash));
      return [];
    },
  ],
  ["select number, hash, timestamp from chain_block", ({ chain_block }) => chain_block.toSorted(byNumber)],
  [
    "select block, log_index, address, topics, data, transaction from chain_event",
    ({ chain_event }) =>
      chain_event.toSorted((a, b) => number(a.block) - number(b.block) || number(a.log_index) - number(b.log_index)),
  ],
  [
    "insert into chain_block (number, hash, timestamp)",
    ({ chain_block }, columns) => {
      for (const row of unnest(["number", "hash", "timestamp"], columns)) {
        unique(chain_block, row, "number");
        chain_block.push(row);
      }
      return [];
    },
  ],
  [
    "insert into chain_event (block, log_index, address, topics, data, transaction)",
    ({ chain_event }, columns) => {
      const names = ["block", "log_index", "address", "topics", "data", "transaction"];
      for (const row of unnest(names, columns)) {
        unique(chain_event, row, "block", "log_index");
        chain_event.push(row);
      }
      return [];
    },
  ],
  [
    "delete from chain_block where number > 0 and number <= $1",
    (tables, [oldest]) => {
      const eventful = new Set(tables.chain_event.map(({ block }) => block));
      tables.chain_block = tables.chain_block.filter(
        (row) => row.number === 0 || number(row.number) > number(oldest) || eventful.has(row.number),
      );
      return [];
    },
  ],
  [
    "delete from chain_event where block > $1",
    (tables, [last]) => {
      tables.chain_event = tables.chain_event.filter(({ block }) => number(block) <= number(last));
      return [];
    },
  ],
  [
    "delete from chain_block where number > $1",
    (tables, [last]) => {
      tables.chain_block = tables.chain_block.filter((row) => number(row.number) <= number(last));
      return [];
    },
  ],
];

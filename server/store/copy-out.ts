import { toHex, type Hex } from "../../protocol/bytes.ts";
import { COPIED_TABLES, type CopiedTable } from "./copied-tables.ts";
import type { Database, Tx } from "./database.ts";
import type { Parameter } from "./parameters.ts";

/** Rows of one page; a reading of eight segments is some 8 kB as text. */
const PAGE = 500;
/** Batches below the newest so many keep the place that they have: the anchor loop looks no further back after a reorg. */
const SETTLED_BATCHES = 1_000;

/** What a copy has. */
export interface CopiedHead {
  /** null before anything was written. */
  readonly stream: Hex | null;
  /** Leaves 0 … size - 1 are in it, with everything that belongs to them. */
  readonly size: number;
  readonly batches: number;
  /** SHA-256 of each migration that was applied, in order. */
  readonly migrations: readonly Hex[];
}

/** Rows of one table, each in PostgreSQL's text of a whole row: exact for every type, embedded or on a server. */
export interface CopiedPage {
  readonly table: string;
  readonly rows: readonly string[];
}

export interface Copy {
  readonly head: CopiedHead;
  readonly pages: () => AsyncGenerator<CopiedPage>;
}

/**
 * Copies a database that is being written to. One short transaction draws the line: how long the stream is, and everything
 * that changes. What lies below the line never changes any more and is read afterwards, page by page, while the stream grows:
 * nobody waits for a copy.
 */
export async function copyOut(database: Database): Promise<Copy> {
  const drawn = await database.transaction(drawLine);
  async function* pages(): AsyncGenerator<CopiedPage> {
    for (const table of COPIED_TABLES) {
      if (table.by !== undefined) yield* pagesOf(database, { ...table, by: table.by }, drawn.below[table.name]);
      for (let at = 0, rows = drawn.changing[table.name] ?? []; at < rows.length; at += PAGE)
        yield { table: table.name, rows: rows.slice(at, at + PAGE) };
    }
  }
  return { head: drawn.head, pages };
}

interface Drawn {
  readonly head: CopiedHead;
  /** By table: rows whose key is lower never change. */
  readonly below: Readonly<Record<string, number>>;
  readonly changing: Readonly<Record<string, readonly string[]>>;
}

async function drawLine(tx: Tx): Promise<Drawn> {
  // First in its transaction: the snapshot that all of it is read from.
  await tx.script("set transaction isolation level repeatable read");
  const [stream] = await tx.query<{ id: Uint8Array; size: number }>("select id, size from stream");
  const one = async (sql: string): Promise<number> => {
    const [row] = await tx.query<{ value: number | null }>(sql);
    return row?.value ?? 0;
  };
  const size = stream?.size ?? 0;
  const batches = await one("select max(number) + 1 as value from batch");
  const evidence = await one("select max(number) + 1 as value from evidence");
  const settled = Math.max(0, batches - SETTLED_BATCHES);
  const changing: Record<string, readonly string[]> = {
    batch: await rowsOf(tx, "select b::text as row from batch b where number >= $1 order by number", [settled]),
  };
  for (const { name, by } of COPIED_TABLES)
    if (by === undefined) changing[name] = await rowsOf(tx, `select t::text as row from ${name} t`, []);
  const migrations = await tx.query<{ sha256: Uint8Array }>("select sha256 from migration order by number");
  return {
    head: {
      stream: stream === undefined ? null : toHex(stream.id),
      size,
      batches,
      migrations: migrations.map(({ sha256 }) => toHex(sha256)),
    },
    below: {
      leaf: size,
      reading: size,
      record: size,
      request: size,
      request_answer: size,
      ack: size,
      released_value: size,
      release: size,
      batch: settled,
      evidence,
    },
    changing,
  };
}

async function rowsOf(tx: Tx, sql: string, parameters: number[]): Promise<string[]> {
  return (await tx.query<{ row: string }>(sql, parameters)).map(({ row }) => row);
}

/** Rows in the order of their key, with `below` only those of whose key the first column, a number, is lower. */
async function* pagesOf(
  database: Database,
  { name, by: key, page = PAGE }: CopiedTable & { readonly by: readonly string[] },
  below: number | undefined,
): AsyncGenerator<CopiedPage> {
  const columns = key.join(", ");
  let last: Parameter[] = [];
  for (;;) {
    const parameters = below === undefined ? last : [...last, below];
    const conditions = [
      ...(last.length === 0 ? [] : [`(${columns}) > (${last.map((_, i) => `$${i + 1}`).join(", ")})`]),
      ...(below === undefined ? [] : [`${key[0] ?? ""} < $${parameters.length}`]),
    ];
    const where = conditions.length === 0 ? "" : `where ${conditions.join(" and ")}`;
    const found = await database.query<Record<string, Parameter> & { copied: string }>(
      `select ${columns}, t::text as copied from ${name} t ${where} order by ${columns} limit ${page}`,
      parameters,
    );
    const final = found.at(-1);
    if (final === undefined) return;
    yield { table: name, rows: found.map(({ copied }) => copied) };
    last = key.map((column) => final[column] ?? null);
  }
}

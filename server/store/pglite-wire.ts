import { Mutex } from "@electric-sql/pglite";
import { BINARY, readRow, type Column } from "./binary-columns.ts";
import { toWire, type Parameter } from "./parameters.ts";
import {
  cstring,
  errorIn,
  int16,
  int32,
  isTheEnd,
  message,
  messagesOf,
  ROW,
  ROW_DESCRIPTION,
} from "./pglite-messages.ts";
import type { PGliteThread } from "./pglite-thread.ts";

/**
 * The embedded PostgreSQL by its own protocol (PostgreSQL's documentation, chapter "Frontend/Backend Protocol"): a statement is
 * parsed once and kept under a name, what is bound goes in one message with its execution, and rows come in binary. PGlite's
 * `query` sends six messages one by one, plans anew each time and gives bytes as hexadecimal text.
 *
 * Whoever has a transaction open must keep others out: `openPGlite` sees to that.
 */
export class PGliteWire {
  readonly #thread: PGliteThread;
  readonly #statements = new Map<string, Statement>();
  readonly #calls = new Mutex();
  #made = 0;

  constructor(thread: PGliteThread) {
    this.#thread = thread;
  }

  /** Rows as plain objects. Throws the database's error, with its SQLSTATE as `code`. */
  query<T>(sql: string, parameters: readonly Parameter[] = []): Promise<T[]> {
    return this.#calls.runExclusive(() => this.#query<T>(sql, parameters));
  }

  /** Several statements without parameters. They may change tables: what was parsed is forgotten. */
  script(sql: string): Promise<void> {
    return this.#calls.runExclusive(async () => {
      await this.#exchange([message("Q", cstring(sql))]);
      await this.#forget();
    });
  }

  async #query<T>(sql: string, parameters: readonly Parameter[]): Promise<T[]> {
    const statement = this.#statements.get(sql) ?? (await this.#prepare(sql));
    const answer = await this.#ask([bind(statement, toWire(parameters)), EXECUTE]);
    const rows: T[] = [];
    for (const { type, start } of messagesOf(answer))
      if (type === ROW) rows.push(readRow(statement.columns, answer, start) as T);
    return rows;
  }

  async #prepare(sql: string): Promise<Statement> {
    if (this.#statements.size >= MOST_STATEMENTS) await this.#forget();
    const name = `s${this.#made++}`;
    const parse = message("P", cstring(name), cstring(sql), int16(0));
    const answer = await this.#ask([parse, message("D", Buffer.from("S"), cstring(name))]);
    const described = [...messagesOf(answer)].find(({ type }) => type === ROW_DESCRIPTION);
    const statement = { name, columns: described ? readColumns(answer, described.start) : [] };
    this.#statements.set(sql, statement);
    return statement;
  }

  async #forget(): Promise<void> {
    await this.#exchange([message("Q", cstring("deallocate all"))]);
    this.#statements.clear();
  }

  /** What these messages are answered, and then that all is done: outside a transaction it is there that it is committed. */
  #ask(messages: readonly Uint8Array[]): Promise<Buffer> {
    return this.#exchange(messages, true);
  }

  /**
   * Where PostgreSQL cannot write its log it panics: its process ends, and the next start recovers what was committed. PGlite has
   * no process that could end. It would be asked on, answer nothing, and turn round in itself forever. So from the panic on nobody
   * gets in any more, and its thread is ended.
   */
  async #exchange(messages: readonly Uint8Array[], sync = false): Promise<Buffer> {
    const answer = await this.#thread.exchange(messages, sync);
    const error = errorIn(answer);
    if (error) throw isTheEnd(error) ? this.#thread.end(error) : error;
    return answer;
  }
}

/** Statements that are kept: ours are some hundred, but where a text depends on what is asked there could be ever more. */
const MOST_STATEMENTS = 500;

interface Statement {
  readonly name: string;
  readonly columns: readonly Column[];
}

const EXECUTE = message("E", cstring(""), int32(0));

function readColumns(answer: Buffer, start: number): Column[] {
  let at = start + 2;
  return Array.from({ length: answer.readUInt16BE(start) }, () => {
    const end = answer.indexOf(0, at);
    const name = answer.toString("utf8", at, end);
    const type = answer.readUInt32BE(end + 7);
    at = end + 19;
    return { name, type };
  });
}

type Scalar = string | number | bigint | boolean;

/** Bytes go in binary, all else as text; columns come in binary where we read that. */
function bind({ name, columns }: Statement, values: readonly unknown[]): Buffer {
  const wire = values.map((value) => {
    if (value === null || value === undefined) return undefined;
    if (Buffer.isBuffer(value)) return value;
    return Buffer.from(Array.isArray(value) ? arrayText(value) : String(value as Scalar), "utf8");
  });
  return message(
    "B",
    cstring(""),
    cstring(name),
    int16(values.length),
    ...values.map((value) => int16(Buffer.isBuffer(value) ? 1 : 0)),
    int16(values.length),
    ...wire.flatMap((bytes) => (bytes === undefined ? [int32(-1)] : [int32(bytes.length), bytes])),
    int16(columns.length),
    ...columns.map(({ type }) => int16(BINARY.has(type) ? 1 : 0)),
  );
}

/** Arrays of numbers, and empty ones: those of bytes and texts are binary already. */
function arrayText(values: readonly unknown[]): string {
  return `{${values.map((value) => (value === null ? "NULL" : String(value as number))).join(",")}}`;
}

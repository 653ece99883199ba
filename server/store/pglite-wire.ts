import { Mutex, protocol, type PGlite } from "@electric-sql/pglite";
import { TwinwardError } from "../../protocol/errors.ts";
import { BINARY, readText } from "./binary-columns.ts";
import { toWire, type Parameter } from "./parameters.ts";

/**
 * The embedded PostgreSQL by its own protocol (PostgreSQL's documentation, chapter "Frontend/Backend Protocol"): a statement is
 * parsed once and kept under a name, what is bound goes in one message with its execution, and rows come in binary. PGlite's
 * `query` sends six messages one by one, plans anew each time and gives bytes as hexadecimal text.
 *
 * Whoever has a transaction open must keep others out: `openPGlite` sees to that.
 */
export class PGliteWire {
  readonly #postgres: PGlite;
  readonly #statements = new Map<string, Statement>();
  readonly #calls = new Mutex();
  readonly #ended = Promise.withResolvers<TwinwardError>();
  #panic: TwinwardError | undefined;
  #made = 0;

  constructor(postgres: PGlite) {
    this.#postgres = postgres;
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

  /** Resolves with DATABASE_ENDED when PostgreSQL has panicked: then every call throws it. */
  get ended(): Promise<TwinwardError> {
    return this.#ended.promise;
  }

  get hasEnded(): boolean {
    return this.#panic !== undefined;
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
  async #ask(messages: readonly Uint8Array[]): Promise<Buffer> {
    try {
      return await this.#exchange(messages);
    } finally {
      // In a call of its own: nobody may ask on where the first has ended in a panic.
      if (!this.hasEnded) await this.#exchange([SYNC]);
    }
  }

  async #exchange(messages: readonly Uint8Array[]): Promise<Buffer> {
    if (this.#panic) throw this.#panic;
    const chunks: Buffer[] = [];
    // What comes is in PGlite's own memory, and good until it goes on.
    const onRawData = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk));
    await this.#postgres.execProtocolRawStream(Buffer.concat(messages), { syncToFs: false, onRawData });
    const answer = Buffer.concat(chunks);
    for (const { type } of messagesOf(answer)) if (type === ERROR) throw this.#told(errorIn(answer));
    return answer;
  }

  /**
   * Where PostgreSQL cannot write its log it panics: its process ends, and the next start recovers what was committed. PGlite has
   * no process that could end. It would be asked on, answer nothing, and turn round in itself forever with our whole process. So
   * from the panic on nobody gets in any more.
   */
  #told(error: Error & { severity?: string }): Error {
    if (error.severity !== "PANIC" && error.severity !== "FATAL") return error;
    // These are about files and memory, never about what was asked.
    this.#panic = new TwinwardError("DATABASE_ENDED", { detail: `The embedded database: ${error.message}.` }, error);
    this.#ended.resolve(this.#panic);
    return this.#panic;
  }
}

/** The first error of an answer, as PGlite's own parser makes it: with its SQLSTATE as `code`. */
function errorIn(answer: Uint8Array): Error {
  const errors: Error[] = [];
  new protocol.Parser().parse(answer, (said) => {
    if (said instanceof Error) errors.push(said);
  });
  return errors[0] ?? new Error("The embedded database refused, and did not say why.");
}

/** Statements that are kept: ours are some hundred, but where a text depends on what is asked there could be ever more. */
const MOST_STATEMENTS = 500;

interface Statement {
  readonly name: string;
  readonly columns: readonly Column[];
}

interface Column {
  readonly name: string;
  readonly type: number;
}

const EXECUTE = message("E", cstring(""), int32(0));
const SYNC = message("S");
const [ROW, ROW_DESCRIPTION, ERROR] = [..."DTE"].map((type) => type.charCodeAt(0));

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

function readRow(columns: readonly Column[], answer: Buffer, start: number): object {
  const row: Record<string, unknown> = {};
  let at = start + 2;
  for (const { name, type } of columns) {
    const length = answer.readInt32BE(at);
    at += 4;
    row[name] = length < 0 ? null : (BINARY.get(type) ?? readText)(answer, at, at + length);
    at += Math.max(0, length);
  }
  return row;
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

function* messagesOf(answer: Buffer): Generator<{ type: number; start: number; end: number }> {
  for (let at = 0; at + 5 <= answer.length;) {
    const end = at + 1 + answer.readInt32BE(at + 1);
    yield { type: answer[at] as number, start: at + 5, end };
    at = end;
  }
}

function message(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type), int32(length), ...parts], length + 1);
}

function cstring(text: string): Buffer {
  return Buffer.from(`${text}\0`, "utf8");
}

function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

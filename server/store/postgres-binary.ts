import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import pg from "pg";
import { readRow, type Column } from "./binary-columns.ts";
import { BYTEA, fromBytea, fromInt8, INT8 } from "./parameters.ts";

/**
 * A client whose rows may come in binary. `pg` asks for that where a query says so, and reads such columns; but its parser makes a
 * string of every field first, which loses bytes. So rows in binary are taken out of what a server sends, and handed to the
 * `BinaryQuery` that asked for them. Everything else is the parser's, as ever.
 */
export class BinaryClient extends pg.Client {
  constructor(settings?: pg.ClientConfig) {
    super(settings);
    const { connection } = this as unknown as { readonly connection: Connection };
    // It is called with the socket, or with the TLS stream over it.
    const parse = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => {
      const others = new EventEmitter();
      parse(others as Duplex);
      const split = new RowSplitter(
        (row) => connection.emit("dataRow", row),
        (bytes) => others.emit("data", bytes),
      );
      stream.on("data", (chunk: Buffer) => split.take(chunk));
      stream.on("end", () => others.emit("end"));
    };
  }
}

/** A row as it was sent: its columns begin at `start` of `bytes`, which are good until this is answered. */
interface SentRow {
  readonly bytes: Buffer;
  readonly start: number;
}

interface RowDescription {
  readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[];
}

/** What `pg` calls of a query under way. */
interface Listener {
  handleRowDescription(message: RowDescription): void;
  handleDataRow(message: SentRow | object): void;
}

const listener = pg.Query.prototype as unknown as Listener;

/** A query of which rows may come in binary: those are read at once into what they are, and kept apart from `pg`'s own. */
export class BinaryQuery extends pg.Query {
  readonly #rows: object[] = [];
  #columns: readonly Column[] = [];
  #failed: { readonly error: unknown } | undefined;

  /** Asks, and resolves with all rows, whichever way they came, and the types of their columns. */
  async ask(runner: Pick<pg.Pool, "query">): Promise<{ rows: object[]; types: readonly number[] }> {
    const { rows } = await new Promise<pg.QueryResult<object>>((resolve, reject) => {
      const done = (error: Error | null | undefined, result: pg.QueryResult<object>): void =>
        error ? reject(error) : resolve(result);
      (runner.query as unknown as (query: pg.Query, done: unknown) => void).call(runner, this, done);
    });
    if (this.#failed) throw this.#failed.error;
    return { rows: this.#rows.length > 0 ? this.#rows : rows, types: this.#columns.map(({ type }) => type) };
  }

  handleRowDescription(message: RowDescription): void {
    this.#columns = message.fields.map(({ name, dataTypeID }) => ({ name, type: dataTypeID }));
    listener.handleRowDescription.call(this, message);
  }

  handleDataRow(message: SentRow | object): void {
    if (!("bytes" in message)) return listener.handleDataRow.call(this, message);
    try {
      this.#rows.push(readRow(this.#columns, message.bytes, message.start));
    } catch (error) {
      // Thrown here it would end the process; the server is not done with its answer yet.
      this.#failed ??= { error };
    }
  }
}

interface Connection extends EventEmitter {
  attachListeners(stream: Duplex): void;
}

/** How `pg` reads columns that came as text, by type. */
export const COLUMN_TYPES = {
  getTypeParser(type: number): (value: never) => unknown {
    if (type === INT8) return fromInt8;
    return type === BYTEA ? fromBytea : (pg.types.getTypeParser(type, "text") as (value: string) => unknown);
  },
};

const [ROW, ROW_DESCRIPTION] = [..."DT"].map((type) => type.charCodeAt(0));
/** The type of a message and its length. */
const HEADER = 5;

/** Takes rows in binary out of PostgreSQL's messages (its documentation, chapter "Frontend/Backend Protocol"). */
class RowSplitter {
  readonly #row: (row: SentRow) => void;
  readonly #others: (bytes: Buffer) => void;
  /** The beginning of a message whose end has not come, in the pieces in which it came. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes without which nothing can be said. */
  #needed = HEADER;
  #isBinary = false;

  constructor(row: (row: SentRow) => void, others: (bytes: Buffer) => void) {
    this.#row = row;
    this.#others = others;
  }

  take(chunk: Buffer): void {
    this.#pieces.push(chunk);
    this.#held += chunk.length;
    // A message of many chunks is put together once, when it is whole.
    if (this.#held < this.#needed) return;
    const bytes = this.#pieces.length === 1 ? chunk : Buffer.concat(this.#pieces, this.#held);
    const at = this.#split(bytes);
    this.#pieces = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#held = bytes.length - at;
  }

  /** Hands on what is whole; where that ends. */
  #split(bytes: Buffer): number {
    let at = 0;
    let others = 0;
    const handOn = (): void => {
      if (others < at) this.#others(bytes.subarray(others, at));
    };
    for (; at + HEADER <= bytes.length;) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) {
        handOn();
        this.#needed = end - at;
        return at;
      }
      if (bytes[at] === ROW_DESCRIPTION) this.#isBinary = isBinary(bytes, at + HEADER, end);
      if (bytes[at] === ROW && this.#isBinary) {
        // In the order in which they came.
        handOn();
        others = end;
        this.#row({ bytes, start: at + HEADER });
      }
      at = end;
    }
    handOn();
    this.#needed = HEADER;
    return at;
  }
}

/** All columns are asked for in one format: that of the last, by which a description ends. */
function isBinary(bytes: Buffer, start: number, end: number): boolean {
  return bytes.readInt16BE(start) > 0 && bytes.readInt16BE(end - 2) === 1;
}

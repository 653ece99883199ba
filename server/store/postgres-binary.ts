import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import pg from "pg";
import { BINARY } from "./binary-columns.ts";
import { BYTEA, fromBytea, fromInt8, INT8 } from "./parameters.ts";

/**
 * A client whose rows may come in binary. `pg` asks for that where a query says so, and reads such columns; but its parser makes a
 * string of every field first, which loses bytes. So rows in binary are taken out of what a server sends, and handed to `pg` as
 * the bytes that they are. Everything else is the parser's, as ever.
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
        (fields) => connection.emit("dataRow", { fields }),
        (bytes) => others.emit("data", bytes),
      );
      stream.on("data", (chunk: Buffer) => split.take(chunk));
      stream.on("end", () => others.emit("end"));
    };
  }
}

interface Connection extends EventEmitter {
  attachListeners(stream: Duplex): void;
}

/** How `pg` reads columns, by type and by the format in which they came. */
export const COLUMN_TYPES = {
  getTypeParser(type: number, format?: string): (value: never) => unknown {
    if (format === "binary") return readBinary(type);
    if (type === INT8) return fromInt8;
    return type === BYTEA ? fromBytea : (pg.types.getTypeParser(type, "text") as (value: string) => unknown);
  },
};

function readBinary(type: number): (value: Buffer) => unknown {
  // `pg` has copied it already.
  if (type === BYTEA) return (value) => value;
  const read = BINARY.get(type);
  return (value) => {
    if (!read) throw new RangeError(`type ${type} is not read in binary`);
    return read(value, 0, value.length);
  };
}

const [ROW, ROW_DESCRIPTION] = [..."DT"].map((type) => type.charCodeAt(0));
/** The type of a message and its length. */
const HEADER = 5;

/** Takes rows in binary out of PostgreSQL's messages (its documentation, chapter "Frontend/Backend Protocol"). */
class RowSplitter {
  readonly #row: (fields: (Buffer | null)[]) => void;
  readonly #others: (bytes: Buffer) => void;
  /** The beginning of a message whose end has not come, in the pieces in which it came. */
  #pieces: Buffer[] = [];
  #held = 0;
  /** Bytes without which nothing can be said. */
  #needed = HEADER;
  #isBinary = false;

  constructor(row: (fields: (Buffer | null)[]) => void, others: (bytes: Buffer) => void) {
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
        this.#row(fieldsOf(bytes, at + HEADER));
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

function fieldsOf(bytes: Buffer, start: number): (Buffer | null)[] {
  const fields: (Buffer | null)[] = [];
  let at = start + 2;
  for (let left = bytes.readInt16BE(start); left > 0; left--) {
    const length = bytes.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : bytes.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return fields;
}

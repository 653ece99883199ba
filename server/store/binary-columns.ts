import { BOOL, BYTEA, FLOAT8, INT2, INT4, INT8, OID, TEXT, toSafe, VARCHAR, VOID } from "./parameters.ts";

/** Reads a column's value that lies at [start, end) of what the database sent. */
export type ReadColumn = (answer: Buffer, start: number, end: number) => unknown;

export const readText: ReadColumn = (answer, start, end) => answer.toString("utf8", start, end);

/** PostgreSQL's send formats, by the column's type. What is of another type is asked for as text. */
export const BINARY: ReadonlyMap<number, ReadColumn> = new Map<number, ReadColumn>([
  [BOOL, (answer, start) => answer[start] === 1],
  // A copy: what was sent lies in a buffer with much else.
  [BYTEA, (answer, start, end) => Buffer.from(answer.subarray(start, end))],
  [INT8, readInt8],
  [INT2, (answer, start) => answer.readInt16BE(start)],
  [INT4, (answer, start) => answer.readInt32BE(start)],
  [OID, (answer, start) => answer.readUInt32BE(start)],
  [FLOAT8, (answer, start) => answer.readDoubleBE(start)],
  [TEXT, readText],
  [VARCHAR, readText],
  [VOID, () => ""],
]);

/** A column of an answer, by its name and the type that it has in pg_type.dat. */
export interface Column {
  readonly name: string;
  readonly type: number;
}

/** The row whose columns begin at `start`: their number, then length and bytes of each (protocol's DataRow). */
export function readRow(columns: readonly Column[], answer: Buffer, start: number): object {
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

/** A bigint as a number; one that a number cannot hold exactly is an error, never rounded. */
export function readInt8(bytes: Buffer, at: number): number {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return Number.isSafeInteger(value) ? value : toSafe(bytes.readBigInt64BE(at));
}

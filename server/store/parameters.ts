/**
 * What both drivers are given and give back: bytea ↔ Uint8Array, bigint → safe number. `bytea[]` and `text[]` travel in
 * PostgreSQL's binary array format, because hex doubles the bytes of a bulk insert and both drivers build such text slowly.
 */

// Types by PostgreSQL's pg_type.dat.
export const BOOL = 16;
export const BYTEA = 17;
export const INT8 = 20;
export const INT2 = 21;
export const INT4 = 23;
export const TEXT = 25;
export const OID = 26;
export const FLOAT8 = 701;
export const VARCHAR = 1043;
export const VOID = 2278;

/** A value of a query's parameter list. Arrays of bytes are for `unnest($1::bytea[], …)`. */
export type Parameter =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly (string | number | null)[]
  | readonly (Uint8Array | null)[];

/** Parameters as the drivers take them: bytes as Buffers, arrays of bytes or of texts (for `$1::text[]`) as one binary array. */
export function toWire(parameters: readonly Parameter[]): unknown[] {
  return parameters.map((value) => {
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (!Array.isArray(value)) return value;
    const list = value as readonly unknown[];
    const first = list.find((item) => item !== null);
    if (first instanceof Uint8Array) return byteaArray(list as readonly (Uint8Array | null)[]);
    return typeof first === "string" ? textArray(list as readonly (string | null)[]) : [...list];
  });
}

/** A bytea[] in binary. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  const write = (wire: Buffer, value: Uint8Array, at: number): void => wire.set(value, at);
  return binaryArray(BYTEA, values, (value) => value.length, write);
}

/** A text[] in binary: UTF-8, as the database is. */
export function textArray(values: readonly (string | null)[]): Buffer {
  const write = (wire: Buffer, value: string, at: number): void => void wire.write(value, at, "utf8");
  return binaryArray(TEXT, values, (value) => Buffer.byteLength(value, "utf8"), write);
}

/** PostgreSQL's array_recv format: dimensions, has-null, element type, size, lower bound, then length and bytes each. */
function binaryArray<T>(
  type: number,
  values: readonly (T | null)[],
  lengthOf: (value: T) => number,
  write: (wire: Buffer, value: T, at: number) => void,
): Buffer {
  const lengths = values.map((value) => (value === null ? -1 : lengthOf(value)));
  const wire = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + 4 + Math.max(0, length), 20));
  let at = 0;
  const header = [1, values.includes(null) ? 1 : 0, type, values.length, 1];
  for (const word of header) at = wire.writeInt32BE(word, at);
  values.forEach((value, i) => {
    const length = lengths[i] ?? -1;
    at = wire.writeInt32BE(length, at);
    if (value === null) return;
    write(wire, value, at);
    at += length;
  });
  return wire;
}

/** A bigint column's text as a number; anything that a number cannot hold exactly is an error, never rounded. */
export function fromInt8(text: string): number {
  return toSafe(BigInt(text));
}

/** A bigint as a number, by the same rule. */
export function toSafe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`bigint ${value} is not a safe integer`);
  return number;
}

/** PostgreSQL's hex text of a bytea. */
export function fromBytea(text: string): Uint8Array {
  return Buffer.from(text.slice(2), "hex");
}

/**
 * What both drivers are given and give back: bytea ↔ Uint8Array, bigint → safe number. `bytea[]` travels in PostgreSQL's
 * binary array format, because hex doubles the bytes of a bulk insert and both drivers build that text slowly.
 */

export const BYTEA = 17;
export const BYTEA_ARRAY = 1001;
export const INT8 = 20;

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

/** Parameters as the drivers take them: bytes as Buffers, arrays of bytes as one binary array. */
export function toWire(parameters: readonly Parameter[]): unknown[] {
  return parameters.map((value) => {
    if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (!Array.isArray(value)) return value;
    const list = value as readonly unknown[];
    const first = list.find((item) => item !== null);
    return first instanceof Uint8Array ? byteaArray(list as readonly (Uint8Array | null)[]) : [...list];
  });
}

/** PostgreSQL's array_recv format: dimensions, has-null, element type, size, lower bound, then length and bytes each. */
export function byteaArray(values: readonly (Uint8Array | null)[]): Buffer {
  const size = values.reduce((sum, value) => sum + 4 + (value?.length ?? 0), 20);
  const wire = Buffer.allocUnsafe(size);
  let at = 0;
  const header = [1, values.includes(null) ? 1 : 0, BYTEA, values.length, 1];
  for (const word of header) at = wire.writeInt32BE(word, at);
  for (const value of values) {
    at = wire.writeInt32BE(value?.length ?? -1, at);
    if (value === null) continue;
    wire.set(value, at);
    at += value.length;
  }
  return wire;
}

/** A bigint column's text as a number; anything that a number cannot hold exactly is an error, never rounded. */
export function fromInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is not a safe integer`);
  return value;
}

/** PostgreSQL's hex text of a bytea. */
export function fromBytea(text: string): Uint8Array {
  return Buffer.from(text.slice(2), "hex");
}

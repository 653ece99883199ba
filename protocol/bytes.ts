import { NativeBuffer } from "./native.ts";

/** Bytes as text: `0x` and lower-case digits, an even number of them. */
export type Hex = `0x${string}`;

const HEX = /^0x(?:[0-9a-f]{2})*$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX_OF = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const NOT_ASCII = /[^\0-\x7f]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const sextets = new Uint8Array(128);
for (let i = 0; i < 64; i++) sextets[ALPHABET.charCodeAt(i)] = i;

export const ZERO_32: Hex = `0x${"00".repeat(32)}`;

export function toHex(bytes: Uint8Array): Hex {
  if (NativeBuffer) return `0x${NativeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
  let text = "";
  for (const byte of bytes) text += HEX_OF[byte];
  return `0x${text}`;
}

/** True when `value` is strict hex: `0x`, lower case, whole bytes, and `length` bytes where a length is given. */
export function isHex(value: unknown, length?: number): value is Hex {
  return typeof value === "string" && HEX.test(value) && (length === undefined || value.length === 2 + 2 * length);
}

/** Bytes of strict hex. Throws RangeError when it is not, or not `length` bytes. */
export function fromHex(hex: string, length?: number): Uint8Array {
  if (!isHex(hex, length))
    throw new RangeError(`not ${length === undefined ? "" : `${length} bytes of `}lower-case hex`);
  const bytes = new Uint8Array(hex.length / 2 - 1);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = (digit(hex.charCodeAt(2 * i + 2)) << 4) | digit(hex.charCodeAt(2 * i + 3));
  }
  return bytes;
}

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);

export function toBase64url(bytes: Uint8Array): string {
  if (NativeBuffer) return NativeBuffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let k = 0; k < Math.min(4, left + 1); k++) text += ALPHABET[(word >> (18 - 6 * k)) & 63];
  }
  return text;
}

/** True when `text` is base64url without padding whose unused bits are zero: then it is the only text of its bytes. */
export function isBase64url(text: string): boolean {
  const rest = text.length % 4;
  if (rest === 1 || !BASE64URL.test(text)) return false;
  // Two characters hold 12 bits for one byte, three hold 18 for two: 4 and 2 bits of the last one are unused.
  return rest === 0 || ((sextets[text.charCodeAt(text.length - 1)] ?? 0) & (rest === 2 ? 15 : 3)) === 0;
}

/** Bytes of strict base64url (see `isBase64url`), `length` of them where given. Throws RangeError otherwise. */
export function fromBase64url(text: string, length?: number): Uint8Array {
  if (!isBase64url(text)) throw new RangeError("not strict base64url");
  const size = Math.floor((text.length * 3) / 4);
  if (length !== undefined && size !== length) throw new RangeError(`not ${length} bytes of base64url`);
  // A copy, so that nobody holds on to the pool that short buffers share.
  if (NativeBuffer) return new Uint8Array(NativeBuffer.from(text, "base64url"));
  const bytes = new Uint8Array(size);
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    word = ((word << 6) | (sextets[text.charCodeAt(i)] ?? 0)) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (word >> bits) & 0xff;
    }
  }
  return bytes;
}

/** Text of strict base64url, decoded as UTF-8. Throws RangeError or TypeError when either layer is malformed. */
export function textFromBase64url(text: string): string {
  if (!NativeBuffer) return decoder.decode(fromBase64url(text));
  if (!isBase64url(text)) throw new RangeError("not strict base64url");
  const bytes = NativeBuffer.from(text, "base64url");
  // ASCII is what devices send; only other bytes need the decoder that refuses malformed UTF-8.
  const latin = bytes.toString("latin1");
  return NOT_ASCII.test(latin) ? decoder.decode(bytes) : latin;
}

/** Bytes of base64url, each as the character of its number: for looking at the ASCII in what was found strict before. */
export function latin1FromBase64url(text: string): string {
  return NativeBuffer
    ? NativeBuffer.from(text, "base64url").toString("latin1")
    : String.fromCharCode(...fromBase64url(text));
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 bytes. Throws TypeError when they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export const u8 = (value: number): Uint8Array => bigEndian(value, 1);
export const u32be = (value: number | bigint): Uint8Array => bigEndian(value, 4);
export const u64be = (value: number | bigint): Uint8Array => bigEndian(value, 8);
export const u256be = (value: number | bigint): Uint8Array => bigEndian(value, 32);

function bigEndian(value: number | bigint, size: number): Uint8Array {
  if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError("not a safe integer");
  let rest = BigInt(value);
  const bytes = new Uint8Array(size);
  for (let at = size - 1; at >= 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  // An unsigned value that fits leaves nothing; a negative one leaves -1.
  if (rest !== 0n) throw new RangeError(`not an unsigned integer of ${size} bytes`);
  return bytes;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

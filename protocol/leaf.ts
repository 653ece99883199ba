import { fromHex, type Hex } from "./bytes.ts";
import { sha256 } from "./hash.ts";

/**
 * leaf@1 = SHA-256(0x00 ‖ kind u8 ‖ subject 32 ‖ sequence u64 ‖ content 32), 32 bytes. `sequence` counts from 1.
 * Throws RangeError when a part does not fit its field.
 */
export function leafHash(
  kind: number,
  subject: Uint8Array | Hex,
  sequence: number | bigint,
  content: Uint8Array | Hex,
): Uint8Array {
  const message = new Uint8Array(74);
  if (!Number.isInteger(kind) || kind < 1 || kind > 255) throw new RangeError("leaf kind out of range");
  if (typeof sequence === "number" && !Number.isSafeInteger(sequence)) throw new RangeError("unsafe sequence");
  const wide = BigInt(sequence);
  if (wide < 0n || wide >> 64n !== 0n) throw new RangeError("sequence out of range");
  message[1] = kind;
  message.set(bytes32(subject), 2);
  new DataView(message.buffer).setBigUint64(34, wide);
  message.set(bytes32(content), 42);
  return sha256(message);
}

function bytes32(value: Uint8Array | Hex): Uint8Array {
  const bytes = typeof value === "string" ? fromHex(value, 32) : value;
  if (bytes.length !== 32) throw new RangeError("not 32 bytes");
  return bytes;
}

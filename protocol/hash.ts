import { sha256 as portableSha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { concat, toBase64url, toHex, utf8, type Hex } from "./bytes.ts";
import { nativeCrypto } from "./native.ts";

/** SHA-256 over the parts in order; 32 bytes. The one hash wherever we choose (DESIGN.md section 5). */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const message = parts.length === 1 && parts[0] ? parts[0] : concat(...parts);
  if (!nativeCrypto) return portableSha256(message);
  const digest = nativeCrypto.hash("sha256", message, "buffer");
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
}

/** SHA-256 of a text's UTF-8, as base64url: what an SD-JWT writes into `_sd`. */
export function sha256Base64url(text: string): string {
  return nativeCrypto ? nativeCrypto.hash("sha256", text, "base64url") : toBase64url(portableSha256(utf8(text)));
}

/** SHA-256 of a text's UTF-8, as hex. */
export function sha256Hex(text: string): Hex {
  return nativeCrypto ? `0x${nativeCrypto.hash("sha256", text, "hex")}` : toHex(portableSha256(utf8(text)));
}

/** keccak-256, only where the EVM imposes it; 32 bytes. */
export function keccak256(...parts: readonly Uint8Array[]): Uint8Array {
  return keccak_256(concat(...parts));
}

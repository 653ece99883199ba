import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from "node:crypto";
import { concat } from "../../protocol/bytes.ts";

export const NONCE = 12;
export const TAG = 16;

/** Sealed bytes: AES-256-GCM, the tag at the end of `sealed`. */
export interface Sealed {
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

// Randomness is fetched for many nonces at once: a call for twelve bytes costs as much as one for thousands.
let nonces = new Uint8Array();
function freshNonce(): Uint8Array {
  if (nonces.length === 0) nonces = randomBytes(256 * NONCE);
  const nonce = nonces.slice(0, NONCE);
  nonces = nonces.subarray(NONCE);
  return nonce;
}

export function encrypt(key: Uint8Array | KeyObject, plaintext: Uint8Array, aad: Uint8Array): Sealed {
  const nonce = freshNonce();
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(aad);
  const sealed = concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  return { nonce, sealed };
}

/** Throws where one bit of anything is not what was sealed. */
export function decrypt(
  key: Uint8Array | KeyObject,
  nonce: Uint8Array,
  sealed: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  if (nonce.length !== NONCE || sealed.length < TAG) throw new RangeError("not nonce and sealed bytes");
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  const plaintext = decipher.update(sealed.subarray(0, sealed.length - TAG));
  // Of GCM, which has no blocks to fill, nothing is left but the check of the tag.
  decipher.final();
  return plaintext;
}

import { p256 } from "@noble/curves/nist.js";
import type { KeyObject } from "node:crypto";
import { fromHex, toBase64url, toHex, type Hex } from "./bytes.ts";
import { nativeCrypto } from "./native.ts";

/** A P-256 public key: affine coordinates, 32 bytes each. */
export interface PublicKey {
  readonly x: Hex;
  readonly y: Hex;
}

/** Signs with a key that it keeps to itself: ES256 over SHA-256 of the message, r ‖ s, 64 bytes. */
export type Es256Signer = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Order of the P-256 group: s and N − s are signatures of the same message. */
export const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

// Parsing a key each time halves the verification rate. Bounded: the oldest key leaves when the map is full.
const KEYS_KEPT = 50_000;
const publicKeys = new Map<string, KeyObject>();
const privateKeys = new WeakMap<Uint8Array, KeyObject>();

/**
 * True when `signature` (r ‖ s, 64 bytes) is one of `key` over `message`. Off chain any s is accepted, high or low;
 * nothing of ours that is hashed, chained or compared covers signature bytes. A key that is not on the curve verifies
 * nothing.
 */
export function verifyEs256(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    if (nativeCrypto) {
      return nativeCrypto.verify(
        "sha256",
        message,
        { key: publicKeyObject(key), dsaEncoding: "ieee-p1363" },
        signature,
      );
    }
    return p256.verify(signature, message, pointBytes(key), { lowS: false, prehash: true, format: "compact" });
  } catch {
    // Not a point of the curve, or r or s out of range: no signature of this key.
    return false;
  }
}

/** Signature r ‖ s (64 bytes) over SHA-256 of `message`; `privateKey` is 32 bytes big-endian. */
export function signEs256(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  if (!nativeCrypto) return p256.sign(message, privateKey, { lowS: false, prehash: true, format: "compact" });
  const key = privateKeyObject(privateKey);
  const signature = nativeCrypto.sign("sha256", message, { key, dsaEncoding: "ieee-p1363" });
  return new Uint8Array(signature.buffer, signature.byteOffset, signature.length);
}

export function es256Signer(privateKey: Uint8Array): Es256Signer {
  return (message) => signEs256(privateKey, message);
}

export function publicKeyOf(privateKey: Uint8Array): PublicKey {
  const point = p256.getPublicKey(privateKey, false);
  return { x: toHex(point.subarray(1, 33)), y: toHex(point.subarray(33, 65)) };
}

/** A private key (32 bytes, 0 < d < N) from the given randomness, which is asked again in the case that never comes. */
export function newPrivateKey(random: (size: number) => Uint8Array): Uint8Array {
  for (;;) {
    const candidate = random(32);
    if (p256.utils.isValidSecretKey(candidate)) return candidate;
  }
}

export function isOnCurve(key: PublicKey): boolean {
  try {
    p256.Point.fromBytes(pointBytes(key)).assertValidity();
    return true;
  } catch {
    return false;
  }
}

function pointBytes(key: PublicKey): Uint8Array {
  const point = new Uint8Array(65);
  point[0] = 4;
  point.set(fromHex(key.x, 32), 1);
  point.set(fromHex(key.y, 32), 33);
  return point;
}

function jwk(key: PublicKey): { kty: string; crv: string; x: string; y: string } {
  return { kty: "EC", crv: "P-256", x: toBase64url(fromHex(key.x, 32)), y: toBase64url(fromHex(key.y, 32)) };
}

function publicKeyObject(key: PublicKey): KeyObject {
  const name = key.x + key.y;
  const known = publicKeys.get(name);
  if (known) return known;
  if (!nativeCrypto) throw new Error("no native cryptography");
  const made = nativeCrypto.createPublicKey({ key: jwk(key), format: "jwk" });
  if (publicKeys.size >= KEYS_KEPT)
    for (const oldest of publicKeys.keys()) {
      publicKeys.delete(oldest);
      break;
    }
  publicKeys.set(name, made);
  return made;
}

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const known = privateKeys.get(privateKey);
  if (known) return known;
  if (!nativeCrypto) throw new Error("no native cryptography");
  const key = { ...jwk(publicKeyOf(privateKey)), d: toBase64url(privateKey) };
  const made = nativeCrypto.createPrivateKey({ key, format: "jwk" });
  privateKeys.set(privateKey, made);
  return made;
}

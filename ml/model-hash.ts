import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import canonicalize from "canonicalize";

/** SHA-256 of a model's RFC 8785 JSON, as 0x and 64 lower-case digits: the name by which verdicts call it. */
export function hashModel(model: object): `0x${string}` {
  const text = canonicalize(model);
  if (text === undefined) throw new RangeError("a model must be plain JSON");
  return `0x${bytesToHex(sha256(utf8ToBytes(text)))}`;
}

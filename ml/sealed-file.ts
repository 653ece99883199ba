import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { replaceFile } from "./write-file.ts";

const SUM_BYTES = 32;

/** Writes a header and bytes under one SHA-256 in the place of what the file held; whoever dies here leaves one of them, whole. */
export function writeSealed(file: string, header: object, bodies: readonly Uint8Array[]): void {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const sum = createHash("sha256");
  const parts = [length, text, ...bodies];
  for (const part of parts) sum.update(part);
  replaceFile(file, [...parts, sum.digest()]);
}

/** What `writeSealed` has written. @throws RangeError, SyntaxError where it is not whole; what the file system throws */
export function readSealed(file: string): { header: unknown; body: Buffer } {
  const bytes = readFileSync(file);
  const sealed = bytes.subarray(0, -SUM_BYTES);
  if (sealed.length < 4) throw new RangeError("too short");
  if (!createHash("sha256").update(sealed).digest().equals(bytes.subarray(-SUM_BYTES)))
    throw new RangeError("not the bytes that were written");
  const end = 4 + sealed.readUInt32BE(0);
  return { header: JSON.parse(sealed.toString("utf8", 4, end)), body: sealed.subarray(end) };
}

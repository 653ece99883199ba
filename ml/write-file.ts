import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Puts bytes in the place of what the file held. They are written beside it, synced, and renamed: whoever dies here leaves the old
 * file or the new one, whole.
 */
export function replaceFile(file: string, parts: readonly Uint8Array[]): void {
  const beside = `${file}.new`;
  const open = openSync(beside, "w", 0o600);
  try {
    for (const part of parts) for (let at = 0; at < part.length;) at += writeSync(open, part, at);
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
  renameSync(beside, file);
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

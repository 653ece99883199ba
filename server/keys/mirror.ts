import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TwinwardError } from "../../protocol/errors.ts";
import { readSecret, writeSecret } from "./files.ts";
import type { Entry } from "./key-store.ts";

/** In a mirror and in the store that has it: the same random name. A mirror whose disk is not mounted has none. */
const MARK = "mirror-id";

/**
 * Makes a key store and its mirror the same again: the one that lacks keys, or is not there, is given them. Whoever was killed
 * between the two writes left one of them a key ahead; keys that differ are nobody's doing of ours. Throws KEY_FILE_UNUSABLE,
 * and KEYS_UNWRITABLE where the store knows a mirror and there is none: on the disk below its mount it would be made anew,
 * and the copy that everybody counts on would stop growing.
 */
export async function joinMirror(
  file: string,
  mirrored: string,
  withMaster: boolean,
  readEntries: (file: string, text: string) => Entry[],
): Promise<void> {
  const [ours, theirs] = [join(dirname(file), MARK), join(dirname(mirrored), MARK)];
  const known = await readSecret(ours);
  const found = await reached(theirs, () => readSecret(theirs));
  if (known !== undefined && found !== known) throw notTheMirror(dirname(mirrored), ours, found !== undefined);
  await reached(mirrored, () => mkdir(dirname(mirrored), { recursive: true, mode: 0o700 }));
  await joinStores(file, mirrored, withMaster, readEntries);
  const mark = found ?? `${randomBytes(16).toString("hex")}\n`;
  // The mirror's first: die between the two and the next start finds a mirror that the store does not know yet.
  if (found === undefined) await writeMirror(theirs, mark);
  if (known === undefined) await writeSecret(ours, mark);
}

function notTheMirror(directory: string, ours: string, isAnothers: boolean): TwinwardError {
  const what = isAnothers ? "is another store's mirror." : "has no mirror in it: is its disk mounted?";
  const detail = `${directory} ${what} To begin a new mirror there, remove ${ours} first.`;
  return new TwinwardError("KEYS_UNWRITABLE", { file: directory, detail });
}

async function joinStores(
  file: string,
  mirrored: string,
  withMaster: boolean,
  readEntries: (file: string, text: string) => Entry[],
): Promise<void> {
  const one = await readSecret(file);
  const other = await readSecret(mirrored);
  if (withMaster) await joinMasters(file, mirrored, one !== undefined || other !== undefined);
  if (one === other) return;
  if (one === undefined) return writeSecret(file, other ?? "");
  if (other === undefined) return writeMirror(mirrored, one);
  const [mine, theirs] = [readEntries(file, one), readEntries(mirrored, other)];
  const longer = mine.length > theirs.length ? mine : theirs;
  const known = new Map(longer.map(({ scope, month, wrapped }) => [`${scope}:${month}`, wrapped]));
  for (const { scope, month, wrapped } of longer === mine ? theirs : mine) {
    if (known.get(`${scope}:${month}`) === wrapped) continue;
    throw differ(mirrored, `the key of ${scope} ${month}`);
  }
  if (longer === mine) await writeMirror(mirrored, one);
  else await writeSecret(file, other);
}

/** Data keys are wrapped under the master key beside them: a mirror without it opens nothing. */
async function joinMasters(file: string, mirrored: string, haveKeys: boolean): Promise<void> {
  const [mine, theirs] = [join(dirname(file), "master.key"), join(dirname(mirrored), "master.key")];
  const [one, other] = [await readSecret(mine), await readSecret(theirs)];
  if (one !== undefined && other !== undefined && one !== other) throw differ(theirs, "the master key");
  if (one === undefined && other !== undefined) await writeSecret(mine, other);
  if (one !== undefined && other === undefined && haveKeys) await writeMirror(theirs, one);
}

/** Writes a file of the mirror. Throws KEYS_UNWRITABLE: a mirror that is away is none, and going on would leave one copy. */
export async function writeMirror(file: string, text: string): Promise<void> {
  await reached(file, () => writeSecret(file, text));
}

/** Throws KEYS_UNWRITABLE naming the first of these files that is not there. */
export async function requireThere(files: readonly string[]): Promise<void> {
  for (const file of files) await reached(file, () => stat(file));
}

/** Throws KEYS_UNWRITABLE, which names the file, for whatever `act` throws. */
export async function reached<T>(file: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const why = (cause as Error).message;
    throw new TwinwardError("KEYS_UNWRITABLE", { file, detail: `${file}: ${why}` }, cause);
  }
}

function differ(mirrored: string, what: string): TwinwardError {
  const detail = `${mirrored}: ${what} is not that of the key store that it mirrors. Name the mirror of this data directory.`;
  return new TwinwardError("KEY_FILE_UNUSABLE", { file: mirrored, detail });
}

import { randomBytes } from "node:crypto";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { equalBytes } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readSecret, writeSecret } from "./files.ts";
import { masterFile, masterKey, masterText, nameOf, readKeyFile, textOf, unwrap, type KeyFile } from "./key-file.ts";

/** In a mirror and in the store that has it: the same random name. A mirror whose disk is not mounted has none. */
const MARK = "mirror-id";

/**
 * Makes a key store and its mirror the same again: the one that lacks keys, or is not there, is given them. Whoever was killed
 * between the two writes left one of them a key ahead; keys that differ are nobody's doing of ours. Throws KEY_FILE_UNUSABLE,
 * and KEYS_UNWRITABLE where the store knows a mirror and there is none: on the disk below its mount it would be made anew,
 * and the copy that everybody counts on would stop growing.
 */
export async function joinMirror(file: string, mirrored: string): Promise<void> {
  const [ours, theirs] = [markOf(file), markOf(mirrored)];
  const known = await readSecret(ours);
  const found = await reached(theirs, () => readSecret(theirs));
  if (known !== undefined && found !== known) throw notTheMirror(dirname(mirrored), ours, found !== undefined);
  await reached(mirrored, () => mkdir(dirname(mirrored), { recursive: true, mode: 0o700 }));
  await joinStores(file, mirrored);
  const mark = found ?? `${randomBytes(16).toString("hex")}\n`;
  // The mirror's first: die between the two and the next start finds a mirror that the store does not know yet.
  if (found === undefined) await writeMirror(theirs, mark);
  if (known === undefined) await writeSecret(ours, mark);
}

const markOf = (file: string): string => join(dirname(file), MARK);

/** Throws KEYS_UNWRITABLE where the store has a mirror that nobody named: what is destroyed here would live on there. */
export async function requireNoMirror(file: string): Promise<void> {
  if ((await readSecret(markOf(file))) === undefined) return;
  const detail = `The key store in ${dirname(file)} has a mirror, where the keys would live on: name it by KEYS_MIRROR. Where it is gone for good, remove ${markOf(file)}.`;
  throw new TwinwardError("KEYS_UNWRITABLE", { file, detail });
}

function notTheMirror(directory: string, ours: string, isAnothers: boolean): TwinwardError {
  const what = isAnothers ? "is another store's mirror." : "has no mirror in it: is its disk mounted?";
  const detail = `${directory} ${what} To begin a new mirror there, remove ${ours} first.`;
  return new TwinwardError("KEYS_UNWRITABLE", { file: directory, detail });
}

async function joinStores(file: string, mirrored: string): Promise<void> {
  const one = await readSecret(file);
  const other = await readSecret(mirrored);
  const [mine, theirs] = [one, other].map((text, n) =>
    text === undefined ? undefined : readKeyFile(n === 0 ? file : mirrored, text),
  );
  if (mine && theirs && mine.generation !== theirs.generation) {
    // Keys were destroyed in the newer one, and whoever did it was killed before the other: it is done there now.
    if (mine.generation > theirs.generation) return overtake([file, mine], [mirrored, theirs]);
    return overtake([mirrored, theirs], [file, mine]);
  }
  await joinMasters(file, mirrored, mine ?? theirs);
  if (one === other) return;
  if (one === undefined) return writeSecret(file, other ?? "");
  if (other === undefined) return writeMirror(mirrored, one);
  if (!mine || !theirs) return;
  const [longer, shorter] = mine.keys.length > theirs.keys.length ? [mine, theirs] : [theirs, mine];
  const known = new Map(longer.keys.map((entry) => [nameOf(entry), entry.wrapped]));
  for (const entry of shorter.keys) {
    if (known.get(nameOf(entry)) === entry.wrapped) continue;
    throw differ(mirrored, `the key of ${entry.scope} ${entry.month}`);
  }
  if (longer === mine) await writeMirror(mirrored, one);
  else await writeSecret(file, other);
}

/** Data keys are wrapped under the master key beside them: a mirror without it opens nothing. */
async function joinMasters(file: string, mirrored: string, keys: KeyFile | undefined): Promise<void> {
  const generation = keys?.generation ?? 0;
  const [mine, theirs] = [masterFile(file, generation), masterFile(mirrored, generation)];
  const [one, other] = [await readSecret(mine), await readSecret(theirs)];
  if (one !== undefined && other !== undefined && one !== other) throw differ(theirs, "the master key");
  if (one === undefined && other !== undefined) await writeSecret(mine, other);
  if (one !== undefined && other === undefined && keys !== undefined) await writeMirror(theirs, one);
}

type Place = readonly [file: string, keys: KeyFile];

/**
 * Brings a store that is behind by an erasure to where the newer one is. Only where the newer one follows from it: every key of
 * the older one is in the newer one, or was destroyed there. A store that follows from something else is nobody's mirror.
 */
async function overtake([file, keys]: Place, [behind, before]: Place): Promise<void> {
  const master = await masterKey(masterFile(file, keys.generation), false);
  const old = await masterKey(masterFile(behind, before.generation), false);
  const known = new Map(keys.keys.map((entry) => [nameOf(entry), entry]));
  const erased = new Set(keys.erased.map(nameOf));
  for (const entry of before.keys) {
    const name = nameOf(entry);
    const now = known.get(name);
    if (erased.has(name)) continue;
    if (now === undefined || !equalBytes(unwrap(file, master, now), unwrap(behind, old, entry)))
      throw differ(behind, `the key of ${entry.scope} ${entry.month}`);
  }
  await reached(behind, async () => {
    await writeSecret(masterFile(behind, keys.generation), masterText(master));
    await writeSecret(behind, textOf(keys));
  });
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

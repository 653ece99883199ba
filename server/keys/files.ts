import { chmod, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { TwinwardError } from "../../protocol/errors.ts";

/**
 * Replaces a secret file so that a kill at any point leaves the old or the new one, whole: written aside, synced, renamed, and
 * the directory synced. Mode 0600.
 */
export async function writeSecret(file: string, text: string): Promise<void> {
  const aside = `${file}.new`;
  const written = await open(aside, "w", 0o600);
  try {
    // The file may be left over from a kill, with whatever mode it has.
    await chmod(aside, 0o600);
    await written.writeFile(text);
    await written.sync();
  } finally {
    await written.close();
  }
  await rename(aside, file);
  await syncDirectory(dirname(file));
}

/** What was renamed or removed in it stays so. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Removes a secret file, durably; one that is not there is no failure. */
export async function removeSecret(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncDirectory(dirname(file));
}

/** A secret file's text; undefined when there is none. Throws KEY_FILE_MODE when others than the owner may open it. */
export async function readSecret(file: string): Promise<string | undefined> {
  const found = await stat(file).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (!found) return undefined;
  if ((found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    throw new TwinwardError("KEY_FILE_MODE", { file, mode, detail: `${file} has mode ${mode}, not 0600.` });
  }
  return readFile(file, "utf8");
}

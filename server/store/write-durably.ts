import { mkdir, open, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes a file, for its owner only, so that after a crash it is either the old one or the new one, whole. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.new`;
  await rm(beside, { force: true });
  await writeFile(beside, bytes, { mode: 0o600, flush: true });
  await rename(beside, path);
  await syncDirectory(dirname(path));
}

/** Makes the rename or creation of a name in this directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

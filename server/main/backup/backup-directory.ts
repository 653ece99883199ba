import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve, sep } from "node:path";
import type { Consortium } from "../../../protocol/consortium.ts";
import type { Hex } from "../../../protocol/bytes.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { copyOut } from "../../store/copy-out.ts";
import { openDatabase, type Database } from "../../store/database.ts";
import { lockDirectory } from "../../store/lock.ts";
import { askControl } from "../control.ts";
import { layoutOf, type DataDirectory } from "../data-directory.ts";
import { readConsortiumFile } from "../open-directory.ts";
import { placeDatabase } from "../place-database.ts";
import { readSettings } from "../settings.ts";
import { readBackupFile, writeBackupFile } from "./file.ts";

/** What a backup holds, as it was found when it was read again. */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly made: string;
  readonly stream: Hex | null;
  /** Leaves 0 … leaves - 1. */
  readonly leaves: number;
  readonly batches: number;
  readonly rows: Readonly<Record<string, number>>;
  readonly sha256: Hex;
}

/**
 * Backs DATA's database up into a new file: a server that runs on it is asked to do it itself, and goes on serving; otherwise
 * its lock is taken. Neither keys nor the embedded chain are in it.
 */
export async function backupDirectory(directory: string, out: string): Promise<BackupReport> {
  const data = layoutOf(resolve(directory));
  const file = resolve(out);
  refuseWithin(data, file);
  if (existsSync(data.control)) {
    const answered = await askControl<BackupReport>(data.control, { ask: "backup", out: file });
    if (answered !== undefined) return answered;
  }
  const { databaseUrl } = readSettings(process.env, { data: data.root });
  const consortium = readConsortiumFile(data);
  if (consortium === undefined)
    throw new TwinwardError("DATA_UNUSABLE", { detail: `${data.root} holds no Twinward data.` });
  const lock = await lockDirectory(data.root, "backup");
  try {
    const database = await openDatabase(placeDatabase(data, databaseUrl));
    try {
      return await backup({ database, consortium, now: Date.now }, file);
    } finally {
      await database.close();
    }
  } finally {
    await lock.release();
  }
}

/** Copies, and reads the copy again from its first byte to its last: one that was never read is a hope. */
export async function backup(
  parts: { readonly database: Database; readonly consortium: Consortium; readonly now: () => number },
  file: string,
): Promise<BackupReport> {
  const { database, consortium, now } = parts;
  const { head: copied, pages } = await copyOut(database);
  const made = new Date(now()).toISOString();
  const { bytes } = await writeBackupFile(file, { format: "backup@1", made, consortium, copied }, pages());
  const { end } = await readBackupFile(file);
  const { stream, size, batches } = copied;
  return { file, bytes, made, stream, leaves: size, batches, rows: end.rows, sha256: end.sha256 };
}

/** In the directory that it backs up, a backup is lost together with it. */
function refuseWithin(data: DataDirectory, file: string): void {
  if (!existsSync(data.root)) throw new TwinwardError("DATA_UNUSABLE", { detail: `${data.root} is not there.` });
  if (!existsSync(dirname(file)))
    throw new TwinwardError("UNUSABLE_INPUT", { detail: `${dirname(file)} is not there: make it first.` });
  const place = join(realpathSync(dirname(file)), sep);
  if (!place.startsWith(join(realpathSync(data.root), sep))) return;
  throw new TwinwardError("UNUSABLE_INPUT", {
    detail: `${file} lies in the data directory itself: name another place.`,
  });
}

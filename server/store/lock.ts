import { readFileSync } from "node:fs";
import { link, mkdir, open, readFile, rename, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { TwinwardError } from "../../protocol/errors.ts";

/** Who holds a directory. A process id alone is reused by the system; with its start time it names one process. */
interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly purpose: string;
}

/**
 * Takes DATA for this process: PGlite and the embedded chain would let a second one in and be corrupted. A lock whose process
 * is dead is taken over; a living one is refused with DATA_LOCKED, which names its pid.
 */
export async function lockDirectory(directory: string, purpose: string): Promise<{ release(): Promise<void> }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "lock");
  const mine: Holder = { pid: process.pid, started: startTime(process.pid) ?? "", purpose };
  for (let attempt = 0; attempt < 16; attempt++) {
    if (await createWhole(file, JSON.stringify(mine))) return { release: () => release(file, mine) };
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const holder = readHolder(text);
    if (holder && isAlive(holder)) {
      const detail = `Process ${holder.pid} holds ${directory} (${holder.purpose}).`;
      throw new TwinwardError("DATA_LOCKED", { pid: holder.pid, purpose: holder.purpose, directory, detail });
    }
    await removeStale(file, text);
  }
  throw new TwinwardError("DATA_LOCKED", { directory, detail: `Several processes want ${directory} at once.` });
}

/** The lock file appears complete or not at all: it is written aside and linked, and a link refuses an existing name. */
async function createWhole(file: string, text: string): Promise<boolean> {
  const aside = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const written = await open(aside, "wx", 0o600);
  try {
    try {
      await written.writeFile(text);
      await written.sync();
    } finally {
      await written.close();
    }
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await unlink(aside);
  }
}

/**
 * Moves a dead process's lock away. Two processes may do so at once: the slower one could move the faster one's new lock, so
 * whoever moved something else than it had read puts it back.
 */
async function removeStale(file: string, read: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if ((await readFile(aside, "utf8")) !== read) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}

async function release(file: string, mine: Holder): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "");
  if (text === JSON.stringify(mine)) await rm(file, { force: true });
}

function readHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    if (!Number.isSafeInteger(value?.pid) || typeof value?.started !== "string") return undefined;
    return { pid: value.pid ?? 0, started: value.started, purpose: String(value.purpose) };
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const started = startTime(holder.pid);
  // Where the system doesn't tell start times (no /proc), a living pid counts as the holder.
  return started === undefined || started === holder.started;
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat) with the boot's id. */
function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie holds nothing any more; its parent just hasn't noticed.
    return fields[0] === "Z" ? "ended" : `${boot}:${fields[19] ?? ""}`;
  } catch {
    return undefined;
  }
}

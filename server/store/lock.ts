import { readFileSync } from "node:fs";
import { link, mkdir, open, readFile, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { randomBytes } from "node:crypto";
import { TwinwardError } from "../../protocol/errors.ts";

/** Who holds a directory. A process id alone is reused by the system; with its start time it names one process. */
interface Holder {
  readonly pid: number;
  readonly started: string;
  readonly purpose: string;
}

interface Lock {
  release(): Promise<void>;
}

const ATTEMPTS = 100;
const WAIT_MS = 10;

/**
 * Takes DATA for this process: PGlite and the embedded chain would let a second one in and be corrupted. A lock whose process
 * is dead is taken over; a living one is refused with DATA_LOCKED, which names its pid.
 */
export async function lockDirectory(directory: string, purpose: string): Promise<Lock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const mine: Holder = { pid: process.pid, started: startTime(process.pid) ?? "", purpose };
  const file = join(directory, "lock");
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const taken = await take(file, mine);
    if (taken === "again") await setTimeout(WAIT_MS);
    else if ("release" in taken) return taken;
    else {
      const detail = `Process ${taken.pid} holds ${directory} (${taken.purpose}).`;
      throw new TwinwardError("DATA_LOCKED", { pid: taken.pid, purpose: taken.purpose, directory, detail });
    }
  }
  throw new TwinwardError("DATA_LOCKED", { directory, detail: `Several processes want ${directory} at once.` });
}

/** One attempt: the lock, who holds it and lives, or "again" where another is just taking it over from a dead process. */
async function take(file: string, mine: Holder): Promise<Lock | Holder | "again"> {
  if (await createWhole(file, JSON.stringify(mine))) return { release: () => release(file, mine) };
  const text = await readText(file);
  if (text === undefined) return "again";
  const holder = readHolder(text);
  if (holder && isAlive(holder)) return holder;
  await removeStale(file, text, mine);
  return "again";
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
 * Removes a dead process's lock. Whoever does so holds the lock of the takeover and has read the dead one's text under it: no
 * other can have removed it since, so nobody's new lock is ever removed. A takeover whose process died is taken over likewise.
 */
async function removeStale(file: string, stale: string, mine: Holder): Promise<void> {
  const takeover = await take(`${file}.takeover`, mine);
  if (takeover === "again" || !("release" in takeover)) return;
  try {
    if ((await readText(file)) === stale) await unlink(file);
  } finally {
    await takeover.release();
  }
}

async function release(file: string, mine: Holder): Promise<void> {
  if ((await readText(file)) === JSON.stringify(mine)) await rm(file, { force: true });
}

/** What a file holds; undefined where it is gone. */
async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
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

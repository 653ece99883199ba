import { access, constants, statfs } from "node:fs/promises";
import { TwinwardError } from "../../protocol/errors.ts";

/** Bytes: less, and the next write may fail in the middle of something. */
const LEAST_FREE = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 1_000;

export interface Disk {
  /** Throws DISK_NEARLY_FULL where the last look, at most a second ago, found less than 64 MiB free. */
  requireRoom(): void;
  /** Looks now. Throws DISK_NEARLY_FULL, or why the directory cannot be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Looks after the room that is left on the disk of a directory. */
export async function watchDisk(directory: string): Promise<Disk> {
  let free = Infinity;
  const look = async (): Promise<void> => {
    const { bavail, bsize } = await statfs(directory);
    free = bavail * bsize;
  };
  const requireRoom = (): void => {
    if (free < LEAST_FREE) throw new TwinwardError("DISK_NEARLY_FULL", { free });
  };
  await look();
  // A directory that cannot be looked at is found by whoever writes into it.
  const timer = setInterval(() => void look().catch(() => undefined), LOOK_EVERY_MS);
  timer.unref();
  return {
    requireRoom,
    check: async () => {
      await access(directory, constants.W_OK);
      await look();
      requireRoom();
    },
    close: async () => clearInterval(timer),
  };
}

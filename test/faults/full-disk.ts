// Loaded into a real server before anything else (NODE_OPTIONS=--import): its disk is full for as long as the file FULL_DISK
// exists. What the file holds says how: `free`, what the file system tells of its room, in bytes; `fails`, whether writes below
// DATA_DIRECTORY get ENOSPC: those that need new blocks ("growing", as on a full disk) or each of them ("all").
import fs, { type PathLike } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

export interface FullDisk {
  readonly free: number;
  readonly fails: "none" | "growing" | "all";
}

const file = process.env.FULL_DISK ?? "";
const root = process.env.DATA_DIRECTORY ?? "/nowhere";
const read = fs.readFileSync;

function present(): FullDisk | undefined {
  try {
    return JSON.parse(read(file, "utf8")) as FullDisk;
  } catch {
    return undefined; // there is room
  }
}

const isInside = (path: unknown): boolean => String(path).startsWith(root);

/** Throws what the system would. `end`: where the write ends; `size`: how long the file is. */
function refuse(call: string, path: string, end: number, size: () => number): void {
  const disk = present();
  if (disk === undefined || disk.fails === "none" || !isInside(path)) return;
  if (disk.fails === "growing" && end <= size()) return;
  const words = `ENOSPC: no space left on device, ${call} '${path}'`;
  throw Object.assign(new Error(words), { code: "ENOSPC", errno: -28, syscall: call, path });
}

// What PGlite calls: by descriptor, synchronously.
const names = new Map<number, string>();
const { openSync, closeSync, writeSync, writeFileSync } = fs;
const size = (descriptor: number): number => fs.fstatSync(descriptor).size;
Object.assign(fs, {
  openSync: (path: PathLike, ...rest: [string]) => {
    const descriptor = openSync(path, ...rest);
    names.set(descriptor, String(path));
    return descriptor;
  },
  closeSync: (descriptor: number) => {
    names.delete(descriptor);
    closeSync(descriptor);
  },
  writeSync: (descriptor: number, bytes: Buffer, offset?: number, length?: number, position?: number | null) => {
    const end = typeof position === "number" ? position + (length ?? bytes.length) : Infinity;
    refuse("write", names.get(descriptor) ?? "", end, () => size(descriptor));
    return writeSync(descriptor, bytes, offset, length, position);
  },
  writeFileSync: (path: number | PathLike, ...rest: [string]) => {
    if (typeof path !== "number") refuse("write", String(path), Infinity, () => 0);
    writeFileSync(path, ...rest);
  },
});

// What everything else calls.
const { open, writeFile, mkdir, statfs } = promises;
Object.assign(promises, {
  open: async (path: PathLike, ...rest: []) => {
    const handle = await open(path, ...rest);
    for (const name of ["write", "writeFile", "appendFile"] as const) {
      const call = handle[name].bind(handle) as (...words: unknown[]) => Promise<unknown>;
      const guarded = async (...words: unknown[]): Promise<unknown> => {
        refuse("write", String(path), Infinity, () => 0);
        return call(...words);
      };
      Object.assign(handle, { [name]: guarded });
    }
    return handle;
  },
  writeFile: async (path: PathLike, ...rest: [string]) => {
    refuse("write", String(path), Infinity, () => 0);
    return writeFile(path, ...rest);
  },
  mkdir: async (path: PathLike, ...rest: []) => {
    if (!fs.existsSync(path)) refuse("mkdir", String(path), Infinity, () => 0);
    return mkdir(path, ...rest);
  },
  statfs: async (path: PathLike) => {
    const told = await statfs(path);
    const disk = isInside(path) ? present() : undefined;
    return disk === undefined ? told : { ...told, bavail: Math.floor(disk.free / told.bsize) };
  },
});
syncBuiltinESMExports();

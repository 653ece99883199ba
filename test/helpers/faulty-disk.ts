// The embedded database's thread over a disk that fails: the one of Node's calls that the file FAULTY_DISK names finds no room; where it
// says "thread", the next sync ends the thread. Syncs are counted, a byte each, in FAULTY_DISK.syncs.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { openSync, writeSync, writeFileSync, fsyncSync, existsSync, readFileSync } = fs;
const file = process.env.FAULTY_DISK ?? "";
const syncs = openSync(`${file}.syncs`, "a");

function fail(call: string): void {
  const fails = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (fails === call) throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  if (fails === "thread" && call === "fsyncSync") process.exit();
}

function failing<A extends unknown[], R>(name: string, call: (...words: A) => R): (...words: A) => R {
  return (...words) => {
    fail(name);
    return call(...words);
  };
}

Object.assign(fs, {
  writeSync: failing("writeSync", writeSync as (...words: unknown[]) => number),
  writeFileSync: failing("writeFileSync", writeFileSync),
  fsyncSync: failing("fsyncSync", (descriptor: number) => {
    writeSync(syncs, ".");
    fsyncSync(descriptor);
  }),
});
syncBuiltinESMExports();
await import("../../server/store/pglite-worker.ts");

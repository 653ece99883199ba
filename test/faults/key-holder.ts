// Holds a directory and its keys as a server does: takes the lock, opens the key store, has keys made and destroyed, lets go. Its
// test calls it for an ordinary start, and runs it as a process of its own, under strace, for one that something happens to.
import { constants } from "node:fs";
import { mkdir, open, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fromHex, fromUtf8, toHex, utf8, type Hex } from "../../protocol/bytes.ts";
import { openKeyStore, type KeyName, type KeyStore } from "../../server/keys/key-store.ts";
import { loadOrCreateKey } from "../../server/keys/signing-keys.ts";
import { lockDirectory } from "../../server/store/lock.ts";

export interface Plan {
  readonly directory: string;
  readonly hasMirror: boolean;
  readonly signs?: boolean;
  /** Numbers of keys. */
  readonly makes: readonly number[];
  readonly destroys?: readonly number[];
}

/** What may be relied on from the moment on that it is said. */
export type Said =
  | { readonly signing: Hex }
  /** Something was sealed under this key. */
  | { readonly made: number; readonly nonce: Hex; readonly sealed: Hex }
  | { readonly destroyed: number };

/** More calls than a program's start makes in any of its threads. */
const IDLE_CALLS = 300;
const IDLE_MS = 100;
/** Those that other threads make as well. */
const IDLED = ["openat", "close", "read", "write", "statx", "mkdir"];
const NONE = new Uint8Array();

export const nameOf = (number: number): KeyName => ({
  scope: `0x${String(number).padStart(64, "0")}`,
  month: "2026-11",
});

/** Throws where something that was said to be sealed does not open to what it was. */
export function openSaid(keys: KeyStore, { made, nonce, sealed }: Extract<Said, { made: number }>): void {
  const { scope, month } = nameOf(made);
  const text = fromUtf8(keys.open(scope, month, fromHex(nonce), fromHex(sealed), NONE));
  if (text !== `of ${made}`) throw new Error(`key ${made} opens to ${text}`);
}

/** All that the plan says; `look` is shown the store before it is closed. */
export async function hold(
  { directory, hasMirror, signs, makes, destroys = [] }: Plan,
  say: (said: Said) => void,
  look?: (keys: KeyStore) => Promise<void>,
): Promise<void> {
  const lock = await lockDirectory(directory, "test");
  try {
    if (signs === true) {
      const key = await loadOrCreateKey(join(directory, "keys/gateway.key"), "p256", { development: true });
      say({ signing: toHex(key) });
    }
    const mirror = hasMirror ? { mirror: join(directory, "mirror") } : {};
    const keys = await openKeyStore(join(directory, "keys/data-keys.json"), mirror);
    for (const made of makes) {
      const { scope, month } = nameOf(made);
      await keys.ensure(scope, month);
      const { nonce, sealed } = keys.seal(scope, month, utf8(`of ${made}`), NONE);
      say({ made, nonce: toHex(nonce), sealed: toHex(sealed) });
    }
    await keys.destroy(destroys.map(nameOf));
    for (const destroyed of destroys) say({ destroyed });
    await look?.(keys);
    await keys.close();
  } finally {
    await lock.release();
  }
}

/**
 * strace counts the calls of each thread by itself. One thread does all that is done with files: when it has made more of these
 * calls than any other thread ever will, the next ones are told apart by their number.
 */
async function idle(call: string): Promise<void> {
  if (!IDLED.includes(call)) return;
  const file = await open("/dev/zero", constants.O_RDWR);
  const byte = new Uint8Array(1);
  const files: FileHandle[] = [];
  const one = async (): Promise<unknown> => {
    if (call === "openat" || call === "close") return files.push(await open("/dev/zero"));
    if (call === "read") return file.read(byte);
    if (call === "mkdir") return mkdir("/dev").catch(() => undefined);
    return stat("/dev/zero");
  };
  if (call === "write") {
    // One by one: each is followed by the write that wakes the other thread, so their number is always the same.
    for (let n = 0; n < IDLE_CALLS; n++) await file.write(byte);
  } else {
    const all = Array.from({ length: IDLE_CALLS }, one);
    // They are done meanwhile, without this thread's being woken for each, which it would read.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, IDLE_MS);
    await Promise.all(all);
  }
  for (const one of [...files, file]) await one.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [plan = "", call = ""] = process.argv.slice(2);
  await idle(call);
  await hold(JSON.parse(plan) as Plan, (said) => console.log(JSON.stringify(said)));
}

import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { decrypt, encrypt, type Sealed } from "./cipher.ts";
import { readSecret, writeSecret } from "./files.ts";
import {
  isKeyName,
  masterFile,
  masterKey,
  masterText,
  nameOf,
  readKeyFile,
  readMaster,
  removeOldMasters,
  textOf,
  unusable,
  unwrap,
  wrap,
  type Entry,
  type KeyFile,
  type KeyName,
} from "./key-file.ts";
import { joinMirror, reached, requireNoMirror, requireThere, writeMirror } from "./mirror.ts";

export type { Sealed } from "./cipher.ts";
export type { KeyName } from "./key-file.ts";

/** The data keys, one per scope (assignment, or device between assignments) and month, outside the database. */
export interface KeyStore {
  /** Makes the key where it is missing; it is on disk when this resolves, so nothing sealed can outlive its key. */
  ensure(scope: Hex, month: string): Promise<void>;
  /** Throws KEY_MISSING. */
  seal(scope: Hex, month: string, plaintext: Uint8Array, aad: Uint8Array): Sealed;
  /** Throws KEY_MISSING, or SEALED_UNREADABLE when one bit of anything is not what was sealed. */
  open(scope: Hex, month: string, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array;
  has(scope: Hex, month: string): boolean;
  /** The months of a scope that have a key, in the order in which these were made. */
  months(scope: Hex): readonly string[];
  /**
   * Destroys these keys, in the mirror too: the others are wrapped under a new master key, and the old one is removed. Nothing
   * opens what was sealed under them from when this resolves on; when it rejects they may be gone or not, nothing is sealed under
   * them any more, and calling it again finishes it. Names that are not there change nothing. Throws KEYS_UNWRITABLE.
   */
  destroy(names: readonly KeyName[]): Promise<void>;
  /** Whether a key of this name was ever destroyed; there may be a new one since. */
  wasErased(scope: Hex, month: string): boolean;
  /** Reads the file again. Throws KEY_FILE_UNUSABLE naming the first entry that is gone, replaced or does not open. */
  verify(): Promise<{ readonly entries: number }>;
  /** Throws KEYS_UNWRITABLE where a file of it is gone: the next key could not be kept, and this one not be had again. */
  present(): Promise<void>;
  close(): Promise<void>;
}

export interface KeyStoreOptions {
  /** A directory on another disk that holds the same keys: each key is in both before anything is sealed under it. */
  readonly mirror?: string;
  /**
   * Where several processes have this store, as gateways of one database do: runs the work while none of the others runs
   * theirs. A key that one of them makes is found by all, one that is destroyed is used by none.
   */
  readonly exclusively?: <T>(work: () => Promise<T>) => Promise<T>;
}

/** What is in memory of a store. */
interface Held {
  readonly file: KeyFile;
  readonly master: Uint8Array;
}

/**
 * Opens (or makes) the key store in `file`, mode 0600. Data keys are wrapped by the master key beside the file. With a mirror
 * either of the two is enough: what one lacks is copied from the other, what was destroyed in one is destroyed in the other. Throws
 * KEY_FILE_MODE, KEY_FILE_UNUSABLE when any byte was changed or the two differ, KEYS_UNWRITABLE.
 */
export async function openKeyStore(file: string, options: KeyStoreOptions = {}): Promise<KeyStore> {
  const alone = options.exclusively ?? (<T>(work: () => Promise<T>) => work());
  const isShared = options.exclusively !== undefined;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mirrored = options.mirror === undefined ? undefined : join(options.mirror, "data-keys.json");
  if (mirrored !== undefined) await joinMirror(file, mirrored);
  const places = mirrored === undefined ? [file] : [mirrored, file];
  const text = await readSecret(file);
  const found = text === undefined ? { generation: 0, keys: [], erased: [] } : readKeyFile(file, text);
  let held: Held = {
    file: { ...found, keys: [] },
    master: await masterKey(masterFile(file, found.generation), text === undefined),
  };
  if (mirrored !== undefined) await writeMirror(masterFile(mirrored, found.generation), masterText(held.master));
  // Whoever destroyed keys may have been killed before the last of what opened them was gone.
  for (const place of places) await reached(place, () => removeOldMasters(place, found.generation));
  // Key objects: handing raw bytes to the cipher each time costs more than the encryption.
  const keys = new Map<string, KeyObject>();
  const pending = new Map<string, Promise<void>>();
  let writing: Promise<void> | undefined;
  let waiting: { entry: Entry; key: Uint8Array }[] = [];
  let closed = false;

  /** Takes over what other processes have made and destroyed since we looked. */
  const adopt = (now: KeyFile): void => {
    if (now.generation !== held.file.generation) {
      const master = readMaster(file, readFileSync(masterFile(file, now.generation), "utf8"));
      keys.clear();
      held = { file: { ...now, keys: [] }, master };
    }
    const known = new Set(held.file.keys.map(nameOf));
    for (const entry of now.keys) {
      const name = nameOf(entry);
      if (!keys.has(name)) keys.set(name, createSecretKey(unwrap(file, held.master, entry)));
      if (!known.has(name)) held = { ...held, file: { ...held.file, keys: [...held.file.keys, entry] } };
    }
  };
  adopt(found);

  let seen = "";
  let hasLooked = false;
  /** The file as it is now; one that is replaced is another one. Undefined where there is none. */
  const look = (): string | undefined => {
    const found = statSync(file, { bigint: true, throwIfNoEntry: false });
    return found && `${found.ino} ${found.mtimeNs} ${found.size}`;
  };

  /** Of several processes any may have made a key, and one may have destroyed some: what is in memory is not the truth. */
  const lookAgain = (): void => {
    if (!isShared || closed || hasLooked) return;
    const now = look();
    if (now !== undefined && now !== seen) adoptAsOf(now);
    // Once for all that is opened in one go: an hour of readings is, and a look costs as much as opening one.
    hasLooked = true;
    queueMicrotask(() => (hasLooked = false));
  };

  const adoptAsOf = (now: string): void => {
    // Its master key may go between the two reads, where keys are destroyed right now: then there is a newer file.
    for (let tries = 3; ; tries--) {
      try {
        adopt(readKeyFile(file, readFileSync(file, "utf8")));
        break;
      } catch (error) {
        if (tries === 0 || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    seen = now;
  };

  const keyOf = (scope: Hex, month: string): KeyObject => {
    lookAgain();
    const key = keys.get(nameOf({ scope, month }));
    if (!key || closed) throw new TwinwardError("KEY_MISSING", { scope, month });
    return key;
  };

  /** What is on the disk counts: a write that was reported as failed may have been made all the same. */
  const adoptStored = async (): Promise<void> => {
    const stored = await readSecret(file);
    if (stored !== undefined) adopt(readKeyFile(file, stored));
  };

  /** All keys asked for meanwhile go into one write. They count only when it is durable; a kill before it loses nothing. */
  const write = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const asked = waiting;
    waiting = [];
    writing = undefined;
    await alone(async () => {
      // Of two processes that make a key for the same readings the first one's counts, also for the second.
      await adoptStored();
      const making = asked.filter(({ entry }) => !keys.has(nameOf(entry)));
      if (making.length === 0) return;
      const wrapped = making.map(({ entry, key }) => wrap(held.master, entry, key));
      const next = { ...held.file, keys: [...held.file.keys, ...wrapped] };
      // The mirror first: whoever finds a key in the file uses it, so what is there is in both.
      // Die between the two and the mirror has a key under which nothing is sealed yet; the next start copies it.
      for (const place of places) await reached(place, () => writeSecret(place, textOf(next)));
      for (const { entry, key } of making) {
        keys.set(nameOf(entry), createSecretKey(key));
        key.fill(0);
      }
      held = { ...held, file: next };
    });
  };

  let last: Promise<void> = Promise.resolve();
  /** One write after the other: the second must hold the first one's keys. */
  const afterwards = (work: () => Promise<void>): Promise<void> => {
    last = last.catch(() => undefined).then(work);
    return last;
  };

  const ensure = async (scope: Hex, month: string): Promise<void> => {
    const name = nameOf({ scope, month });
    if (keys.has(name)) return;
    if (closed) throw new TwinwardError("KEY_MISSING", { scope, month });
    const known = pending.get(name);
    if (known) return known;
    if (!isKeyName({ scope, month })) throw new RangeError(`no key name: ${name}`);
    waiting.push({ entry: { scope, month, wrapped: "0x" }, key: randomBytes(32) });
    writing ??= afterwards(write);
    const done = writing.finally(() => pending.delete(name));
    pending.set(name, done);
    return done;
  };

  const destroy = (names: readonly KeyName[]): Promise<void> =>
    afterwards(() =>
      alone(async () => {
        if (mirrored === undefined) await requireNoMirror(file);
        await adoptStored();
        const doomed = new Set(names.map(nameOf));
        const going = held.file.keys.filter((entry) => doomed.has(nameOf(entry)));
        if (going.length > 0) await replaceWithout(going);
        // Only now is what was destroyed beyond reach of whoever kept the old file.
        for (const place of places) await reached(place, () => removeOldMasters(place, held.file.generation));
      }),
    );

  const replaceWithout = async (going: readonly Entry[]): Promise<void> => {
    const gone = new Set(going.map(nameOf));
    // Whatever happens to the files: nothing is sealed any more under what might be gone from them.
    for (const name of gone) keys.delete(name);
    const master = randomBytes(32);
    const survivors = held.file.keys
      .filter((entry) => !gone.has(nameOf(entry)))
      .map((entry) => wrap(master, entry, unwrap(file, held.master, entry)));
    const before = held.file.erased.filter((name) => !gone.has(nameOf(name)));
    const next: KeyFile = {
      generation: held.file.generation + 1,
      keys: survivors,
      erased: [...before, ...going.map(({ scope, month }) => ({ scope, month }))],
    };
    // Each file names its master key by its generation, so old and new stand beside each other until the file is replaced:
    // die anywhere and what is there opens. The mirror first; where it alone was reached, the next start follows it.
    for (const place of places) {
      await reached(place, async () => {
        await writeSecret(masterFile(place, next.generation), masterText(master));
        await writeSecret(place, textOf(next));
      });
    }
    held.master.fill(0);
    held = { file: next, master };
  };

  const check = async (): Promise<{ readonly entries: number }> => {
    lookAgain();
    const now = await readSecret(file);
    const stored = now === undefined ? { generation: 0, keys: [], erased: [] } : readKeyFile(file, now);
    if (stored.generation !== held.file.generation) throw unusable(file, "It was replaced by that of another time.");
    const wrapped = new Map(stored.keys.map((entry) => [nameOf(entry), entry.wrapped]));
    for (const entry of held.file.keys) {
      const there = wrapped.get(nameOf(entry));
      const what = there === undefined ? "is gone" : "was replaced";
      if (there !== entry.wrapped) throw unusable(file, `The key of ${entry.scope} ${entry.month} ${what}.`);
    }
    for (const entry of stored.keys) unwrap(file, held.master, entry);
    if (mirrored !== undefined && (await readSecret(mirrored)) !== now)
      throw unusable(mirrored, "It is not the same as the key store that it mirrors.");
    return { entries: stored.keys.length };
  };

  return {
    ensure,
    destroy,
    has: (scope, month) => {
      lookAgain();
      return keys.has(nameOf({ scope, month }));
    },
    months: (scope) => {
      lookAgain();
      return held.file.keys.filter((entry) => entry.scope === scope).map(({ month }) => month);
    },
    wasErased: (scope, month) => {
      lookAgain();
      return held.file.erased.some((name) => name.scope === scope && name.month === month);
    },
    seal: (scope, month, plaintext, aad) => encrypt(keyOf(scope, month), plaintext, aad),
    open: (scope, month, nonce, sealed, aad) => {
      const key = keyOf(scope, month);
      try {
        return decrypt(key, nonce, sealed, aad);
      } catch (cause) {
        throw new TwinwardError("SEALED_UNREADABLE", { scope, month }, cause);
      }
    },
    verify: async () => {
      await last.catch(() => undefined);
      return alone(check);
    },
    present: async () => {
      if (held.file.keys.length > 0) await requireThere(places);
    },
    close: async () => {
      await last.catch(() => undefined);
      closed = true;
      keys.clear();
    },
  };
}

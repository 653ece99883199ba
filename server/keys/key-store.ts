import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { concat, fromHex, isHex, toHex, utf8, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { readSecret, writeSecret } from "./files.ts";
import { joinMirror, reached, requireThere, writeMirror } from "./mirror.ts";

const NONCE = 12;
const TAG = 16;
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

/** Sealed bytes: AES-256-GCM, the tag at the end of `sealed`. */
export interface Sealed {
  readonly nonce: Uint8Array;
  readonly sealed: Uint8Array;
}

/** The data keys, one per scope (assignment, or device between assignments) and month, outside the database. */
export interface KeyStore {
  /** Makes the key where it is missing; it is on disk when this resolves, so nothing sealed can outlive its key. */
  ensure(scope: Hex, month: string): Promise<void>;
  /** Throws KEY_MISSING. */
  seal(scope: Hex, month: string, plaintext: Uint8Array, aad: Uint8Array): Sealed;
  /** Throws KEY_MISSING, or SEALED_UNREADABLE when one bit of anything is not what was sealed. */
  open(scope: Hex, month: string, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array;
  has(scope: Hex, month: string): boolean;
  /** Reads the file again. Throws KEY_FILE_UNUSABLE naming the first entry that is gone, replaced or does not open. */
  verify(): Promise<{ readonly entries: number }>;
  /** Throws KEYS_UNWRITABLE where a file of it is gone: the next key could not be kept, and this one not be had again. */
  present(): Promise<void>;
  close(): Promise<void>;
}

export interface Entry {
  readonly scope: Hex;
  readonly month: string;
  /** nonce ‖ AES-256-GCM of the data key under the master key, bound to scope and month; hex. */
  readonly wrapped: Hex;
}

export interface KeyStoreOptions {
  readonly masterKey?: Uint8Array;
  /** A directory on another disk that holds the same keys: each key is in both before anything is sealed under it. */
  readonly mirror?: string;
  /**
   * Where several processes have this store, as gateways of one database do: runs the work while none of the others runs
   * theirs. A key that one of them makes is found by all.
   */
  readonly exclusively?: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Opens (or makes) the key store in `file`, mode 0600. Data keys are wrapped by a master key: the one given, or that of
 * master.key beside the file. With a mirror either of the two is enough: what one lacks is copied from the other. Throws
 * KEY_FILE_MODE, KEY_FILE_UNUSABLE when any byte was changed or the two differ, KEYS_UNWRITABLE.
 */
export async function openKeyStore(file: string, options: KeyStoreOptions = {}): Promise<KeyStore> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const mirrored = options.mirror === undefined ? undefined : join(options.mirror, "data-keys.json");
  if (mirrored !== undefined) await joinMirror(file, mirrored, options.masterKey === undefined, readEntries);
  const text = await readSecret(file);
  const master = options.masterKey ?? (await masterKey(`${dirname(file)}/master.key`, text === undefined));
  if (mirrored !== undefined && options.masterKey === undefined)
    await writeMirror(join(dirname(mirrored), "master.key"), `${toHex(master)}\n`);
  // Key objects: handing raw bytes to the cipher each time costs more than the encryption.
  const keys = new Map<string, KeyObject>();
  const entries: Entry[] = [];
  for (const entry of text === undefined ? [] : readEntries(file, text)) {
    keys.set(nameOf(entry.scope, entry.month), createSecretKey(unwrap(file, master, entry)));
    entries.push(entry);
  }
  const pending = new Map<string, Promise<void>>();
  let writing: Promise<void> | undefined;
  let waiting: { name: string; entry: Entry; key: Uint8Array }[] = [];
  let closed = false;

  /** Takes over the keys that other processes have made since we looked. */
  const adopt = (text: string): void => {
    for (const entry of readEntries(file, text)) {
      const name = nameOf(entry.scope, entry.month);
      if (keys.has(name)) continue;
      keys.set(name, createSecretKey(unwrap(file, master, entry)));
      entries.push(entry);
    }
  };

  const find = (scope: Hex, month: string): KeyObject | undefined => {
    const known = keys.get(nameOf(scope, month));
    if (known !== undefined || options.exclusively === undefined || closed || !existsSync(file)) return known;
    adopt(readFileSync(file, "utf8"));
    return keys.get(nameOf(scope, month));
  };

  const keyOf = (scope: Hex, month: string): KeyObject => {
    const key = find(scope, month);
    if (!key || closed) throw new TwinwardError("KEY_MISSING", { scope, month });
    return key;
  };

  /** All keys asked for meanwhile go into one write. They count only when it is durable; a kill before it loses nothing. */
  const write = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    const asked = waiting;
    waiting = [];
    writing = undefined;
    const make = async (): Promise<void> => {
      // Of two processes that make a key for the same readings the first one's counts, also for the second; and so does one
      // whose writing failed and that is there all the same.
      const text = await readSecret(file);
      if (text !== undefined) adopt(text);
      const making = asked.filter(({ name }) => !keys.has(name));
      if (making.length > 0) await writeAll(making);
    };
    await (options.exclusively === undefined ? make() : options.exclusively(make));
  };

  const writeAll = async (making: typeof waiting): Promise<void> => {
    const all = [...entries, ...making.map(({ entry }) => entry)];
    // The mirror first: whoever finds a key in the file uses it, so what is there is in both.
    if (mirrored !== undefined) await writeMirror(mirrored, textOf(all));
    // Die before this and the mirror has a key under which nothing is sealed yet; the next start copies it.
    await reached(file, () => writeSecret(file, textOf(all)));
    for (const { name, entry, key } of making) {
      keys.set(name, createSecretKey(key));
      key.fill(0);
      entries.push(entry);
    }
  };

  let last: Promise<void> = Promise.resolve();
  const ensure = async (scope: Hex, month: string): Promise<void> => {
    const name = nameOf(scope, month);
    if (keys.has(name)) return;
    if (closed) throw new TwinwardError("KEY_MISSING", { scope, month });
    const known = pending.get(name);
    if (known) return known;
    if (!isHex(scope, 32) || !MONTH.test(month)) throw new RangeError(`no key name: ${scope} ${month}`);
    const key = randomBytes(32);
    waiting.push({ name, entry: { scope, month, wrapped: wrap(master, scope, month, key) }, key });
    if (!writing) {
      // One write after the other: the second must hold the first one's keys.
      const before = last;
      writing = before.catch(() => undefined).then(write);
      last = writing;
    }
    const done = writing.finally(() => pending.delete(name));
    pending.set(name, done);
    return done;
  };

  const check = async (): Promise<{ readonly entries: number }> => {
    const known = [...entries];
    const now = await readSecret(file);
    const found = now === undefined ? [] : readEntries(file, now);
    const stored = new Map(found.map((entry) => [nameOf(entry.scope, entry.month), entry.wrapped]));
    for (const { scope, month, wrapped } of known) {
      const there = stored.get(nameOf(scope, month));
      const what = there === undefined ? "is gone" : "was replaced";
      if (there !== wrapped) throw unusable(file, `The key of ${scope} ${month} ${what}.`);
    }
    for (const entry of found) unwrap(file, master, entry);
    if (mirrored !== undefined && (await readSecret(mirrored)) !== now)
      throw unusable(mirrored, "It is not the same as the key store that it mirrors.");
    return { entries: found.length };
  };

  return {
    ensure,
    has: (scope, month) => find(scope, month) !== undefined,
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
      return options.exclusively === undefined ? check() : options.exclusively(check);
    },
    present: async () => {
      if (entries.length === 0) return;
      await requireThere([file, ...(mirrored === undefined ? [] : [mirrored])]);
    },
    close: async () => {
      await last.catch(() => undefined);
      closed = true;
      keys.clear();
    },
  };
}

const nameOf = (scope: Hex, month: string): string => `${scope}:${month}`;

/** A master key is made only together with its store: a store whose master is gone must not get another one. */
async function masterKey(file: string, fresh: boolean): Promise<Uint8Array> {
  const text = await readSecret(file);
  const found = text?.trim();
  if (found !== undefined) {
    if (!isHex(found, 32)) throw unusable(file, "It is not 32 bytes of hex.");
    return fromHex(found, 32);
  }
  if (!fresh) throw unusable(file, "It is missing, but data keys are wrapped under it.");
  const made = randomBytes(32);
  await writeSecret(file, `${toHex(made)}\n`);
  return made;
}

function textOf(entries: readonly Entry[]): string {
  return `${JSON.stringify({ format: "data-keys@1", keys: entries }, null, 1)}\n`;
}

/** The file has one form only, so that a changed byte shows wherever it is. */
function readEntries(file: string, text: string): Entry[] {
  let entries: Entry[];
  try {
    const found = JSON.parse(text) as { keys: Entry[] };
    entries = found.keys.map(({ scope, month, wrapped }) => ({ scope, month, wrapped }));
  } catch (cause) {
    throw unusable(file, "It is not data-keys@1.", cause);
  }
  const names = new Set(entries.map(({ scope, month }) => nameOf(scope, month)));
  const whole = entries.every(
    ({ scope, month, wrapped }) => isHex(scope, 32) && MONTH.test(month) && isHex(wrapped, NONCE + 32 + TAG),
  );
  if (!whole || names.size !== entries.length || textOf(entries) !== text)
    throw unusable(file, "It is not data-keys@1.");
  return entries;
}

function wrap(master: Uint8Array, scope: Hex, month: string, key: Uint8Array): Hex {
  const { nonce, sealed } = encrypt(master, key, wrapAad(scope, month));
  return toHex(concat(nonce, sealed));
}

function unwrap(file: string, master: Uint8Array, entry: Entry): Uint8Array {
  const bytes = fromHex(entry.wrapped);
  try {
    return decrypt(master, bytes.subarray(0, NONCE), bytes.subarray(NONCE), wrapAad(entry.scope, entry.month));
  } catch (cause) {
    const detail = `The key of ${entry.scope} ${entry.month} does not open.`;
    throw new TwinwardError("KEY_FILE_UNUSABLE", { file, scope: entry.scope, month: entry.month, detail }, cause);
  }
}

const wrapAad = (scope: Hex, month: string): Uint8Array =>
  concat(utf8("twinward/data-key@1"), fromHex(scope, 32), utf8(month));

// Randomness is fetched for many nonces at once: a call for twelve bytes costs as much as one for thousands.
let nonces = new Uint8Array();
function freshNonce(): Uint8Array {
  if (nonces.length === 0) nonces = randomBytes(256 * NONCE);
  const nonce = nonces.slice(0, NONCE);
  nonces = nonces.subarray(NONCE);
  return nonce;
}

function encrypt(key: Uint8Array | KeyObject, plaintext: Uint8Array, aad: Uint8Array): Sealed {
  const nonce = freshNonce();
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(aad);
  const sealed = concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  return { nonce, sealed };
}

function decrypt(key: Uint8Array | KeyObject, nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array {
  if (nonce.length !== NONCE || sealed.length < TAG) throw new RangeError("not nonce and sealed bytes");
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG });
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG));
  return concat(decipher.update(sealed.subarray(0, sealed.length - TAG)), decipher.final());
}

function unusable(file: string, detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file}: ${detail}` }, cause);
}

import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { concat, fromHex, isHex, toHex, utf8, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { decrypt, encrypt, NONCE, TAG } from "./cipher.ts";
import { readSecret, syncDirectory, writeSecret } from "./files.ts";

const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;
const MASTER = /^master(?:-([1-9][0-9]*))?\.key(?:\.new)?$/;

/** What a data key is known by. */
export interface KeyName {
  readonly scope: Hex;
  /** YYYY-MM. */
  readonly month: string;
}

export interface Entry extends KeyName {
  /** nonce ‖ AES-256-GCM of the data key under the master key, bound to scope and month; hex. */
  readonly wrapped: Hex;
}

/** What data-keys.json says. */
export interface KeyFile {
  /** How often keys were destroyed: each time the survivors got a new master key. 0 is data-keys@1, without `erased`. */
  readonly generation: number;
  readonly keys: readonly Entry[];
  /** Keys that were destroyed, each name once; readings that came afterwards may have made a new one of that name. */
  readonly erased: readonly KeyName[];
}

export const nameOf = ({ scope, month }: KeyName): string => `${scope}:${month}`;

export const isKeyName = ({ scope, month }: KeyName): boolean => isHex(scope, 32) && MONTH.test(month);

/** Where the master key lies that wraps the keys of `file` in this generation. */
export const masterFile = (file: string, generation: number): string =>
  join(dirname(file), generation === 0 ? "master.key" : `master-${generation}.key`);

export function textOf({ generation, keys, erased }: KeyFile): string {
  const said = generation === 0 ? { format: "data-keys@1", keys } : { format: "data-keys@2", generation, keys, erased };
  return `${JSON.stringify(said, null, 1)}\n`;
}

/** The file has one form only, so that a changed byte shows wherever it is. Throws KEY_FILE_UNUSABLE. */
export function readKeyFile(file: string, text: string): KeyFile {
  let read: KeyFile;
  try {
    const found = JSON.parse(text) as Partial<KeyFile>;
    const { generation = 0, keys = [], erased = [] } = found;
    read = {
      generation,
      keys: keys.map(({ scope, month, wrapped }) => ({ scope, month, wrapped })),
      erased: erased.map(({ scope, month }) => ({ scope, month })),
    };
  } catch (cause) {
    throw unusable(file, "It is not data-keys@1 or @2.", cause);
  }
  const { generation, keys, erased } = read;
  const whole =
    Number.isSafeInteger(generation) &&
    [...keys, ...erased].every(isKeyName) &&
    keys.every(({ wrapped }) => isHex(wrapped, NONCE + 32 + TAG)) &&
    [keys, erased].every((names) => new Set(names.map(nameOf)).size === names.length);
  if (!whole || textOf(read) !== text) throw unusable(file, "It is not data-keys@1 or @2.");
  return read;
}

export function wrap(master: Uint8Array, { scope, month }: KeyName, key: Uint8Array): Entry {
  const { nonce, sealed } = encrypt(master, key, wrapAad(scope, month));
  return { scope, month, wrapped: toHex(concat(nonce, sealed)) };
}

/** Throws KEY_FILE_UNUSABLE. */
export function unwrap(file: string, master: Uint8Array, entry: Entry): Uint8Array {
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

/** A master key is made only together with its store: a store whose master is gone must not get another one. */
export async function masterKey(file: string, fresh: boolean): Promise<Uint8Array> {
  const text = await readSecret(file);
  if (text !== undefined) return readMaster(file, text);
  if (!fresh) throw unusable(file, "It is missing, but data keys are wrapped under it.");
  const made = randomBytes(32);
  await writeSecret(file, masterText(made));
  return made;
}

export function readMaster(file: string, text: string): Uint8Array {
  const found = text.trim();
  if (!isHex(found, 32)) throw unusable(file, "It is not 32 bytes of hex.");
  return fromHex(found, 32);
}

export const masterText = (master: Uint8Array): string => `${toHex(master)}\n`;

/**
 * Removes the master keys of earlier generations beside `file`, also where one was never finished: from here on nothing opens what
 * was wrapped under them. Call it once the file of this generation is in its place everywhere.
 */
export async function removeOldMasters(file: string, generation: number): Promise<void> {
  const directory = dirname(file);
  const old = (await readdir(directory)).filter((name) => {
    const found = MASTER.exec(name);
    return found !== null && Number(found[1] ?? 0) < generation;
  });
  if (old.length === 0) return;
  for (const name of old) await rm(join(directory, name), { force: true });
  await syncDirectory(directory);
}

export function unusable(file: string, detail: string, cause?: unknown): TwinwardError {
  return new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file}: ${detail}` }, cause);
}

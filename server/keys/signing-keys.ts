import { secp256k1 } from "@noble/curves/secp256k1.js";
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { fromHex, isHex, toHex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { readSecret, writeSecret } from "./files.ts";

export type KeyType = "secp256k1" | "p256";

interface KeyFile {
  readonly format: "key@1";
  readonly type: KeyType;
  /** Made by `up` for a set-up on one machine; refused where NODE_ENV is production. */
  readonly development: boolean;
  readonly private: string;
}

/**
 * The private key (32 bytes) in a 0600 file, made and durable before it is returned when the file is absent. Throws
 * KEY_FILE_MODE, KEY_FILE_UNUSABLE, or DEVELOPMENT_KEY_REFUSED where `options.production` (default: NODE_ENV) is set.
 */
export async function loadOrCreateKey(
  file: string,
  type: KeyType,
  options: { readonly development: boolean; readonly production?: boolean },
): Promise<Uint8Array> {
  const production = options.production ?? process.env.NODE_ENV === "production";
  const text = await readSecret(file);
  if (text === undefined) {
    refuseDevelopment(file, options.development && production);
    const made = type === "p256" ? newPrivateKey(randomBytes) : secp256k1.utils.randomSecretKey();
    const key: KeyFile = { format: "key@1", type, development: options.development, private: toHex(made) };
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeSecret(file, `${JSON.stringify(key, null, 2)}\n`);
    return made;
  }
  const key = readKeyFile(file, text, type);
  refuseDevelopment(file, key.development && production);
  return fromHex(key.private, 32);
}

function refuseDevelopment(file: string, refused: boolean): void {
  if (refused) throw new TwinwardError("DEVELOPMENT_KEY_REFUSED", { file, detail: `${file} is a development key.` });
}

function readKeyFile(file: string, text: string, type: KeyType): KeyFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file} is not JSON.` }, cause);
  }
  const key = (value ?? {}) as Partial<KeyFile>;
  const whole =
    key.format === "key@1" && key.type === type && typeof key.development === "boolean" && isHex(key.private, 32);
  if (!whole) throw new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file} is not a key@1 of ${type}.` });
  return key as KeyFile;
}

import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { Wallet, SigningKey, computeAddress } from "ethers";
import { fromHex, isHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";

/** Reads a file that only its owner may read. Throws UNUSABLE_INPUT, or KEY_FILE_MODE where others may read it too. */
export function readPrivateFile(file: string): string {
  if (!existsSync(file)) throw new TwinwardError("UNUSABLE_INPUT", { file, detail: `${file} does not exist.` });
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new TwinwardError("KEY_FILE_MODE", { file, detail: `${file} has mode ${mode.toString(8)}.` });
  return readFileSync(file, "utf8");
}

/** Writes a new 0600 file, durable when it returns; never over an existing one. */
export function writePrivateFile(file: string, text: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(file, "wx", 0o600);
  } catch (cause) {
    throw new TwinwardError(
      "UNUSABLE_INPUT",
      { file, detail: `${file} cannot be created; it may exist already.` },
      cause,
    );
  }
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The secp256k1 key of a key@1 file. Throws KEY_FILE_UNUSABLE, KEY_FILE_MODE or DEVELOPMENT_KEY_REFUSED. */
export function readAccountKey(file: string): Uint8Array {
  const text = readPrivateFile(file);
  let key: Record<string, unknown>;
  try {
    key = parseStrict(text) as Record<string, unknown>;
  } catch (cause) {
    throw new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file} is not JSON.` }, cause);
  }
  if (key.format !== "key@1" || key.type !== "secp256k1" || !isHex(key.private, 32)) {
    throw new TwinwardError("KEY_FILE_UNUSABLE", { file, detail: `${file} is not a key@1 of secp256k1.` });
  }
  if (key.development === true && process.env.NODE_ENV === "production") {
    throw new TwinwardError("DEVELOPMENT_KEY_REFUSED", { file, detail: `${file} is a development key.` });
  }
  return fromHex(key.private, 32);
}

/** Makes an account's key file; its address. */
export function createAccountKey(file: string): Hex {
  const { privateKey } = Wallet.createRandom();
  const text = JSON.stringify(
    { format: "key@1", type: "secp256k1", development: false, private: privateKey.toLowerCase() },
    null,
    2,
  );
  writePrivateFile(file, `${text}\n`);
  return computeAddress(privateKey).toLowerCase() as Hex;
}

export function addressOf(privateKey: Uint8Array): Hex {
  return computeAddress(new SigningKey(toHex(privateKey)).publicKey).toLowerCase() as Hex;
}

export const fresh = (size: number): Uint8Array => randomBytes(size);

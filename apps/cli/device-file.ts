import { mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { readDeviceModel, type DeviceModel } from "../../protocol/device-model.ts";
import { fromHex, isHex, toHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { newPrivateKey } from "../../protocol/es256.ts";
import { parseStrict } from "../../protocol/json.ts";
import { fresh, readPrivateFile, writePrivateFile } from "./key-file.ts";

/** A device as this machine plays it: its key, its model and, once registered, its id. Kept in a 0600 file. */
export interface DeviceFile {
  readonly format: "device-file@1";
  /** P-256 private key. */
  readonly private: Hex;
  /** Number of that key. */
  readonly number: number;
  readonly model: DeviceModel;
  readonly device?: Hex;
}

/** Makes a device's key in a new file. */
export function createDeviceFile(file: string, model: DeviceModel): DeviceFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const made: DeviceFile = { format: "device-file@1", private: toHex(newPrivateKey(fresh)), number: 1, model };
  writePrivateFile(file, textOf(made));
  return made;
}

/** Reads a device's file. Throws UNUSABLE_INPUT or KEY_FILE_MODE. */
export function readDeviceFile(file: string): DeviceFile {
  const text = readPrivateFile(file);
  const unusable = (detail: string, cause?: unknown) => new TwinwardError("UNUSABLE_INPUT", { file, detail }, cause);
  let value: Record<string, unknown>;
  try {
    value = parseStrict(text) as Record<string, unknown>;
  } catch (cause) {
    throw unusable(`${file} is not JSON.`, cause);
  }
  const { format, private: key, number, device } = value;
  if (format !== "device-file@1" || !isHex(key, 32) || typeof number !== "number")
    throw unusable(`${file} is no device-file@1.`);
  if (device !== undefined && !isHex(device, 32)) throw unusable(`${file} names a device that is no id.`);
  const model = readDeviceModel(value.model);
  return { format, private: key, number, model, ...(device === undefined ? {} : { device }) };
}

/** Writes the id into the file: the old file counts until the new one is whole. */
export function nameDevice(file: string, known: DeviceFile, device: Hex): DeviceFile {
  const named: DeviceFile = { ...known, device };
  const next = `${file}.${process.pid}.new`;
  writePrivateFile(next, textOf(named));
  renameSync(next, file);
  return named;
}

export const deviceKey = (device: DeviceFile): Uint8Array => fromHex(device.private, 32);

const textOf = (device: DeviceFile): string => `${JSON.stringify(device, null, 2)}\n`;

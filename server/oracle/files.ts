/** What an oracle reads at its start. It has its own reader of key files: it may not import the server's keys. */
import { readFileSync, statSync } from "node:fs";
import type { PcaModel } from "../../ml/detectors/pca-model.ts";
import { openWindows } from "../../ml/detectors/open-windows.ts";
import { openPca, type WindowDetector } from "../../ml/detectors/window-detector.ts";
import { MlError } from "../../ml/errors.ts";
import { hashModel } from "../../ml/model-hash.ts";
import { loadModel } from "../../ml/model/model-files.ts";
import { fromHex, type Hex } from "../../protocol/bytes.ts";
import { TwinwardError } from "../../protocol/errors.ts";
import { parseStrict } from "../../protocol/json.ts";
import { Shape } from "../../protocol/shape.ts";

/**
 * The secp256k1 key of a key@1 file. Throws KEY_FILE_MODE when others than the owner may open it, KEY_FILE_UNUSABLE, and
 * DEVELOPMENT_KEY_REFUSED in production.
 */
export function readKey(file: string, production: boolean): Uint8Array {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) throw new TwinwardError("KEY_FILE_MODE", { file, detail: `${file} is open to others.` });
  const found = new Shape("KEY_FILE_UNUSABLE", readJson(file, "KEY_FILE_UNUSABLE")).members([
    "format",
    "type",
    "development",
    "private",
  ]);
  found.format.literal("key@1");
  found.type.literal("secp256k1");
  if (found.development.value !== false && production)
    throw new TwinwardError("DEVELOPMENT_KEY_REFUSED", { file, detail: `${file} is a development key.` });
  return fromHex(found.private.hex(32));
}

/**
 * A detector, ready to judge: a directory is a model@1, a file a PCA's parameters. Throws DETECTOR_UNEXPECTED when it is not the
 * one that the hash names, or cannot be used.
 */
export async function readDetector(path: string, expected: Hex): Promise<WindowDetector> {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return openPca(readModel(path, expected));
  try {
    const { model } = loadModel(path, expected);
    return await openWindows(model);
  } catch (cause) {
    if (!(cause instanceof MlError)) throw cause;
    throw new TwinwardError("DETECTOR_UNEXPECTED", { file: path, expected, detail: cause.message }, cause);
  }
}

function readModel(file: string, expected: Hex): PcaModel {
  const model = readJson(file, "DETECTOR_UNEXPECTED") as PcaModel;
  const got = hashModel(model);
  if (got !== expected) throw new TwinwardError("DETECTOR_UNEXPECTED", { file, expected, got });
  // Whoever approved the hash approved these very parameters; their shape needs no second opinion.
  return model;
}

function readJson(file: string, code: "KEY_FILE_UNUSABLE" | "DETECTOR_UNEXPECTED"): unknown {
  try {
    return parseStrict(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new TwinwardError(code, { file, detail: `${file} cannot be read as JSON.` }, cause);
  }
}

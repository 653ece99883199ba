import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MlError } from "../errors.ts";
import { replaceFile } from "../write-file.ts";
import { packModel, parseModel, weightsOf, type Model } from "./pack-model.ts";

const DOCUMENT = "model.json";
const MOST_DOCUMENT_BYTES = 16 << 20;
const MOST_WEIGHT_BYTES = 1 << 30;
const weightsFile = (hash: string): string => `weights-${hash.slice(2)}.bin`;

/**
 * Writes a model into a directory: first its weights under the name of their hash, then the document that names them. Whoever
 * dies in between leaves the model that was there before, whole. Gives the model's hash.
 */
export function saveModel(directory: string, model: Model): string {
  const { document, weights, weightsHash, hash } = packModel(model);
  mkdirSync(directory, { recursive: true });
  replaceFile(join(directory, weightsFile(weightsHash)), [weights]);
  replaceFile(join(directory, DOCUMENT), [document]);
  for (const name of readdirSync(directory))
    if (/^weights-[0-9a-f]{64}\.bin$/.test(name) && name !== weightsFile(weightsHash)) rmSync(join(directory, name));
  return hash;
}

/**
 * Reads a model and checks all of it; `wanted` is the hash that it must have, where one is known.
 *
 * @throws MODEL_FILE_UNUSABLE, MODEL_FILE_NEWER and what `parseModel` throws, with the directory
 */
export function loadModel(directory: string, wanted?: string): { model: Model; hash: string } {
  try {
    const document = readWhole(join(directory, DOCUMENT), MOST_DOCUMENT_BYTES);
    const weights = readWhole(join(directory, weightsFile(weightsOf(document))), MOST_WEIGHT_BYTES);
    const loaded = parseModel(document, weights);
    if (wanted !== undefined && wanted !== loaded.hash)
      throw new MlError("MODEL_FILE_UNUSABLE", { wanted, detail: `It is the model ${loaded.hash}.` });
    return loaded;
  } catch (error) {
    if (!(error instanceof MlError)) throw error;
    const detail = `${directory}: ${error.message}`;
    throw new MlError(error.code, { ...error.facts, directory, detail }, error.cause);
  }
}

function readWhole(file: string, most: number): Buffer {
  if (!existsSync(file)) throw new MlError("MODEL_FILE_UNUSABLE", { file, detail: `There is no ${file}.` });
  const found = statSync(file);
  if (!found.isFile() || found.size > most)
    throw new MlError("MODEL_FILE_UNUSABLE", { file, detail: `${file} is no file of at most ${most} bytes.` });
  return readFileSync(file);
}

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, saveModel } from "../../ml/model/model-files.ts";
import { MlError } from "../../ml/errors.ts";

/** The ward's detector, as `node scripts/fit-ward.ts` has fitted it. */
const SHIPPED = fileURLToPath(new URL("../../lab/models/ward", import.meta.url));

/**
 * Lays the detector that comes with this version among a server's models, under its hash. Those of other versions stay, because
 * verdicts name them.
 */
export function layModel(directory: string): { file: string; hash: string } {
  const { model, hash } = loadModel(SHIPPED);
  const file = join(directory, `ward-${hash}`);
  if (!isThere(file, hash)) saveModel(file, model);
  return { file, hash };
}

function isThere(file: string, hash: string): boolean {
  try {
    loadModel(file, hash);
    return true;
  } catch (error) {
    // Absent, or half written by a start that died, or damaged: it is written again, to the same bytes.
    if (error instanceof MlError) return false;
    throw error;
  }
}

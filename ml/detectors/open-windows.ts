import { loadEngine } from "../engines/load.ts";
import type { Model } from "../model/pack-model.ts";
import { openRegime } from "./regime/open-regime.ts";
import { DETECTOR as REGIME, parseRegime } from "./regime/pack-regime.ts";
import { openTrained } from "./trained/open-trained.ts";
import { parseTrained } from "./trained/parse-trained.ts";
import type { WindowDetector } from "./window-detector.ts";

/**
 * Any model that can judge windows, by what its card says it is: the regime, or one that `detect train` has taught on rows of windows.
 *
 * @throws MODEL_FILE_UNUSABLE where it has learned from anything else, DETECTOR_MISSING, ENGINE_UNKNOWN, ENGINE_MISSING
 */
export async function openWindows(model: Model, engine?: string): Promise<WindowDetector> {
  return model.card.detector === REGIME
    ? openRegime(parseRegime(model), await loadEngine(engine))
    : openTrained(parseTrained(model), engine);
}

import { MlError } from "../errors.ts";
import { createAuto } from "./auto/auto.ts";
import { baseline } from "./baseline/baseline.ts";
import type { Detector } from "./detector.ts";
import { hybrid } from "./hybrid/hybrid.ts";
import { mas } from "./mas/mas.ts";
import { residual } from "./residual/residual.ts";

/** Those that there are. A new one is a line here. */
const DETECTORS: readonly Detector[] = [residual, mas, hybrid, baseline];

/** `auto` compares and combines them. */
const ALL: readonly Detector[] = [...DETECTORS, createAuto(DETECTORS)];

/** Names that `--detector` knows. */
export const DETECTOR_NAMES: readonly string[] = ALL.map(({ name }) => name);

/** A detector by its name. @throws DETECTOR_MISSING */
export function findDetector(name: string): Detector {
  const found = ALL.find((detector) => detector.name === name);
  if (found !== undefined) return found;
  throw new MlError("DETECTOR_MISSING", {
    detector: name,
    detail: `There is no detector ${name} in this version. There are ${DETECTOR_NAMES.join(", ")}.`,
  });
}

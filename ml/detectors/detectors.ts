import { MlError } from "../errors.ts";
import { baseline } from "./baseline/baseline.ts";
import type { Detector } from "./detector.ts";

/** Names that `--detector` knows. */
export const DETECTOR_NAMES = ["mas", "hybrid", "residual", "baseline"] as const;
export type DetectorName = (typeof DETECTOR_NAMES)[number];

/** Those that there are. A new one is a line here. */
const DETECTORS: readonly Detector[] = [baseline];

/** A detector by its name. @throws DETECTOR_MISSING */
export function findDetector(name: string): Detector {
  const found = DETECTORS.find((detector) => detector.name === name);
  if (found !== undefined) return found;
  const there = DETECTORS.map((detector) => detector.name).join(", ");
  throw new MlError("DETECTOR_MISSING", {
    detector: name,
    detail: `There is no detector ${name} in this version. There are ${there}, and auto, which chooses among them.`,
  });
}

/** The detectors that a word stands for: all for `auto`. @throws DETECTOR_MISSING */
export const detectorsFor = (name: string): readonly Detector[] => (name === "auto" ? DETECTORS : [findDetector(name)]);

/** Fits the ward's detector on simulated people who are never used to measure it. */
import { fitPca } from "../ml/detectors/pca.ts";
import type { PcaModel } from "../ml/detectors/pca-model.ts";
import type { SignalPair } from "../ml/features.ts";
import type { Window } from "../ml/window.ts";
import { createBedside } from "./bedside.ts";
import { recordWindows, skipTime } from "./record-windows.ts";
import { SEGMENTS, UNITS } from "./sample.ts";

/** People fitted on, and others on whom thresholds are calibrated. */
export const FITTED_BODIES = 40;
export const CALIBRATION_BODIES = 40;
const WINDOWS_PER_HOUR = 360;

/** Pairs of segments in one unit: the units say what can be compared, no rule about hearts does. */
export function comparablePairs(): SignalPair[] {
  return SEGMENTS.flatMap((a, i) =>
    SEGMENTS.slice(i + 1).flatMap((b): SignalPair[] => (UNITS[a] === UNITS[b] ? [[a, b]] : [])),
  );
}

/**
 * The ward's model: fitted on a third of `hours` of each of 40 people, thresholds from two thirds of `hours` of 40 other
 * people, which begin where the first third ends. The same seed and hours give the same model in every process; 1 hour
 * takes about 2 s.
 */
export function fitWardModel(seed: string, hours = 1): PcaModel {
  const fitted: Window[] = [];
  for (let i = 0; i < FITTED_BODIES; i++)
    fitted.push(...recordWindows(createBedside(`${seed}/fit/${i}`), Math.ceil((WINDOWS_PER_HOUR * hours) / 3)));
  const calibration: Window[] = [];
  for (let i = 0; i < CALIBRATION_BODIES; i++) {
    const bed = createBedside(`${seed}/calibrate/${i}`);
    skipTime(bed, 1200 * hours);
    calibration.push(...recordWindows(bed, Math.ceil((WINDOWS_PER_HOUR * hours * 2) / 3)));
  }
  return fitPca(fitted, { pairs: comparablePairs(), calibration });
}

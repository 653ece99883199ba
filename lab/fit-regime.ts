/**
 * Fits the ward's learned detector: a regime learned on clean people; `calibrate-ward.ts` sets its limits
 * by weeks of others. The same seed gives the same model on machines with one Node build and one ONNX Runtime.
 */
import type { Engine } from "../ml/engines/engine.ts";
import { fitRegime } from "../ml/detectors/regime/fit-regime.ts";
import type { Regime } from "../ml/detectors/regime/regime.ts";
import type { Row } from "../ml/detectors/regime/rows.ts";
import { createBedside } from "./bedside.ts";
import { recordRows, SEEN } from "./record-rows.ts";

/** People whom the network learns from, and how long each is seen. Disturbances come to them five times as often: what is rare must be learned too. */
export const LEARNED_BODIES = 240;
export const LEARNED_SECONDS = 1_200;
const OFTEN = 5;
const EPOCHS = 10;

/** The people that the shipped model learns from and is calibrated by; a ward plays others. */
export const WARD_SEED = "ward";

/** The rows of one of the people that the ward's detectors learn from, who are never used to calibrate or measure one. */
export const recordLearned = (seed: string, person: number): Row[] =>
  // Half of them as they ordinarily are.
  recordRows(createBedside(`${seed}/learn/${person}`, person % 2 === 0 ? OFTEN : 1)).next(LEARNED_SECONDS);

/** The regime of the ward. */
export function fitWardRegime(seed: string, engine: Engine, onProgress?: (done: number) => void): Promise<Regime> {
  const runs = Array.from({ length: LEARNED_BODIES }, (_, n) => recordLearned(seed, n));
  return fitRegime(runs, {
    seen: SEEN,
    engine,
    seed,
    epochs: EPOCHS,
    ...(onProgress && { onProgress: ({ step, steps }) => onProgress(step / steps) }),
  });
}

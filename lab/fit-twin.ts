/** Fits the ward's learned twin: `detect train --detector residual` on the rows of clean people, in this process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTraining } from "../ml/data/frame.ts";
import type { Detector } from "../ml/detectors/detector.ts";
import { findDetector } from "../ml/detectors/detectors.ts";
import { trainDetector } from "../ml/detectors/train-detector.ts";
import type { Model } from "../ml/model/pack-model.ts";
import { PERSON, writeWardRows } from "./write-rows.ts";

/** How many of the people whom the ward's regime learns from. */
export const TWIN_BODIES = 120;

export interface TwinPlan {
  readonly people?: number;
  readonly detector?: Detector;
  readonly onProgress?: (done: number) => void;
}

/** What `detect train --device person` makes of the rows of `scripts/ward-rows.ts`. */
export async function fitWardTwin(seed: string, plan: TwinPlan = {}): Promise<Model> {
  const { people = TWIN_BODIES, detector = findDetector("residual"), onProgress } = plan;
  const directory = mkdtempSync(join(tmpdir(), "ward-rows-"));
  try {
    const file = join(directory, "rows.csv");
    writeWardRows(file, seed, people);
    const training = await readTraining({ files: [file], hasHeader: true, device: PERSON, drop: [], normal: "normal" });
    const { model } = await trainDetector(training, {
      detector,
      falseAlarms: undefined,
      allowedLeaks: [],
      engine: undefined,
      seed: "1",
      progress: async (done) => onProgress?.(done),
    });
    return model;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

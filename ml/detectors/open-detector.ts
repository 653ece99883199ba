import type { Frame, Reading } from "../data/frame.ts";
import { MlError } from "../errors.ts";
import { toAlarms } from "../evaluate/threshold.ts";
import type { Model } from "../model/pack-model.ts";
import type { Judge } from "./detector.ts";
import { findDetector } from "./detectors.ts";
import { parseReadingSettings } from "./reading-settings.ts";

/** A model that was loaded, ready to judge. */
export interface ReadyDetector {
  readonly reading: Reading;
  readonly signals: readonly string[];
  readonly threshold: number;
  readonly judge: (frame: Frame) => Promise<{ scores: Float64Array; alarms: Uint8Array }>;
  readonly explain: Judge["explain"];
  /** One stretch, row by row, with bounded state. */
  readonly stream: () => { push(row: Float64Array): Promise<{ score: number; alarm: boolean }> };
}

/** Makes a loaded model ready. @throws DETECTOR_MISSING, MODEL_FILE_UNUSABLE */
export async function openDetector(model: Model, engine?: string): Promise<ReadyDetector> {
  const { reading, detector: settings } = parseReadingSettings(model.settings);
  const threshold = model.thresholds.alarm;
  if (threshold === undefined) throw new MlError("MODEL_FILE_UNUSABLE", { detail: "It has no threshold." });
  const { networks, scaler, card } = model;
  const { how, signals } = reading;
  const judge = await findDetector(card.detector).restore({ networks, scaler, settings }, signals, engine);
  return {
    reading: how,
    signals,
    threshold,
    judge: async (frame) => {
      const scores = await judge.score(frame);
      return { scores, alarms: toAlarms(scores, threshold) };
    },
    explain: (frame, rows) => judge.explain(frame, rows),
    stream() {
      const stream = judge.stream();
      return {
        async push(row) {
          const score = await stream.push(row);
          return { score, alarm: score >= threshold };
        },
      };
    },
  };
}

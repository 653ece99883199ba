import { foldOf } from "../data/folds.ts";
import { crossWorth } from "../evaluate/threshold.ts";
import type { Lesson } from "./detector.ts";

/** What scores of rows that had not been learned from are worth by the lesson's target; undefined where no attack is labelled. */
export function worthOf({ labels, folds, frame, target }: Lesson, outOfFold: Float64Array): number | undefined {
  if (!labels?.includes(1)) return undefined;
  return crossWorth(outOfFold, labels, foldOf(folds, frame.rows), target ?? { kind: "f1" });
}

/** How much rows count where the target says it. */
export const weightsOf = ({ target }: Lesson): Float64Array | undefined =>
  target?.kind === "kinds" ? target.weights : undefined;

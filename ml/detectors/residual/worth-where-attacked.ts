import { foldOf } from "../../data/folds.ts";
import { crossWorth, type ThresholdTarget } from "../../evaluate/threshold.ts";
import type { Lesson } from "../detector.ts";

/**
 * What scores of rows that had not been learned from are worth by the lesson's target, in the stretches that hold attacks. An
 * alarm that outlasts its attack is false for some rows of each: years of quiet beside it would hide what that costs.
 * 0 where no attack is labelled.
 */
export function worthWhereAttacked({ labels, folds, frame, target }: Lesson, outOfFold: Float64Array): number {
  if (!labels?.includes(1)) return 0;
  const rows = frame.stretches.filter((own) => own.some((row) => labels[row] === 1)).flatMap((own) => [...own]);
  const owner = foldOf(folds, frame.rows);
  return crossWorth(
    Float64Array.from(rows, (row) => outOfFold[row]!),
    Uint8Array.from(rows, (row) => labels[row]!),
    Uint8Array.from(rows, (row) => owner[row]!),
    among(target ?? { kind: "f1" }, rows),
  );
}

/** A target whose rows are numbered as these are. */
function among(target: ThresholdTarget, rows: readonly number[]): ThresholdTarget {
  if (target.kind === "kinds") return { ...target, weights: Float64Array.from(rows, (row) => target.weights[row]!) };
  if (target.kind !== "timely") return target;
  const places = new Map(rows.map((row, at) => [row, at]));
  return { ...target, episodes: target.episodes.map((own) => own.map((row) => places.get(row)!)) };
}

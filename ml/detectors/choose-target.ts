import type { Fold } from "../data/folds.ts";
import type { Training } from "../data/frame.ts";
import { aimAtTimely, weighKinds, weighUnseen, type ThresholdTarget } from "../evaluate/threshold.ts";

/** Without labels: false alarms, as a share of rows. */
const WITHOUT_LABELS = 0.001;
/** With labels: who is called in vain more often than this stops looking. */
const MOST_FALSE_ALARMS = 0.01;
/** Fewer attacks, or shorter ones in the middle, say nothing about how early they are noticed. */
const LEAST_EPISODES = 3;
const LEAST_LENGTH = 4;

/**
 * What a threshold should be for, where a person has not said how many false alarms there may be:
 * - without attacks, few false alarms;
 * - where rows have a time and attacks last, timely accuracy: an attack noticed when it is over is not worth much;
 * - where kinds of attack were kept from folds, balanced accuracy by kinds: later files hold others, in other shares;
 * - else F1.
 */
export function chooseTarget(
  { labels, kinds, reading, frame }: Training,
  falseAlarms: number | undefined,
  folds: readonly Fold[],
): ThresholdTarget {
  if (falseAlarms !== undefined) return { kind: "fpr", most: falseAlarms };
  if (!labels?.includes(1)) return { kind: "fpr", most: WITHOUT_LABELS };
  const timely = aimAtTimely(frame.stretches, labels, MOST_FALSE_ALARMS);
  const lengths = timely.episodes.map(({ length }) => length).sort((a, b) => a - b);
  const lasts = lengths.length >= LEAST_EPISODES && lengths[lengths.length >> 1]! >= LEAST_LENGTH;
  if (reading.time !== undefined && lasts) return timely;
  const unseen = kinds === undefined ? undefined : unseenRows(folds, labels, kinds);
  if (kinds !== undefined && unseen?.includes(1))
    return { kind: "kinds", weights: weighUnseen(weighKinds(labels, kinds), labels, unseen) };
  return { kind: "f1", most: MOST_FALSE_ALARMS };
}

/** 1 for attacked rows whose kind their fold had kept back. */
export function unseenRows(folds: readonly Fold[], labels: Uint8Array, kinds: readonly string[]): Uint8Array {
  const unseen = new Uint8Array(labels.length);
  for (const { test, withheld } of folds)
    for (const row of test) unseen[row] = labels[row] === 1 && withheld?.includes(kinds[row]!) === true ? 1 : 0;
  return unseen;
}

/** The target in words. */
export function tellTarget(target: ThresholdTarget): string {
  const cap =
    "most" in target && target.most !== undefined ? ` at no more than ${target.most} of clean rows called` : "";
  switch (target.kind) {
    case "fpr":
      return `the most recall${cap}`;
    case "f1":
      return `the best point-wise F1${cap}`;
    case "timely":
      return `the best timely accuracy${cap}, both in the stretches that hold attacks`;
    case "kinds":
      return "the best balanced accuracy, each kind of attack counted by the root of its rows, kinds that were kept back as much as the others";
  }
}

/** What detectors are compared by, in words. */
export const tellWorth = (target: ThresholdTarget): string =>
  target.kind === "kinds"
    ? "the area under the curve up to a tenth of false alarms, rows counted as above"
    : tellTarget(target);

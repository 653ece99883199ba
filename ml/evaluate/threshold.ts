import { countConfusion, f1 } from "./confusion.ts";
import { rankRows, traceCurve } from "./ranking.ts";

/** What a threshold is chosen for: the best point-wise F1, or the most recall at no more false alarms than this share. */
export type ThresholdTarget = { readonly kind: "f1" } | { readonly kind: "fpr"; readonly most: number };

/**
 * The score from which on a row is an alarm, for scores of rows that the detector had not learned from. Between two scores it
 * is put in the middle. Without labels, or where there is no attack, all rows count as clean and only a false alarm rate can be kept.
 *
 * @throws RangeError where F1 is wanted and there are no attacks
 */
export function chooseThreshold(scores: Float64Array, labels: Uint8Array, target: ThresholdTarget): number {
  const hasAttacks = labels.includes(1);
  if (target.kind === "f1" && !hasAttacks) throw new RangeError("F1 needs attacks");
  const curve = traceCurve(scores, labels, { order: rankRows(scores) });
  const clean = labels.reduce((sum, label) => sum + 1 - label, 0);
  let best = 0;
  let most = -Infinity;
  curve.forEach((point, at) => {
    const attacked = labels.length - clean;
    const called = point.falsePositiveRate * clean;
    const found = point.recall * attacked;
    const worth =
      target.kind === "f1"
        ? (2 * found) / (found + called + attacked)
        : point.falsePositiveRate <= target.most + 1e-12
          ? // Of points that find as much, the last: the widest that the target allows is where unseen attacks show.
            point.falsePositiveRate + 10 * point.recall
          : -Infinity;
    if (worth > most) [best, most] = [at, worth];
  });
  const here = curve[best]!.score;
  const next = curve[best + 1]?.score;
  if (!Number.isFinite(here)) return next === undefined ? 0 : next + Math.abs(next) * 1e-9 + 1e-9;
  return next === undefined ? here : (here + next) / 2;
}

/** Which scores are alarms. */
export const toAlarms = (scores: Float64Array, threshold: number): Uint8Array =>
  Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0));

/**
 * Alarms for a cross-validation's scores in which no row had a say in its own threshold: for each fold the threshold is chosen
 * on the other folds.
 */
export function crossAlarms(
  scores: Float64Array,
  labels: Uint8Array,
  owner: Uint8Array,
  target: ThresholdTarget,
): Uint8Array {
  const alarms = new Uint8Array(scores.length);
  for (const fold of new Set(owner)) {
    const others = [...scores.keys()].filter((row) => owner[row] !== fold);
    const pick = <T extends Float64Array | Uint8Array>(values: T): T =>
      (values instanceof Float64Array
        ? Float64Array.from(others, (row) => values[row]!)
        : Uint8Array.from(others, (row) => values[row]!)) as T;
    const known = pick(labels);
    // Where all attacks lie in this one fold, the others can only keep a false alarm rate.
    const threshold = chooseThreshold(pick(scores), known, known.includes(1) ? target : { kind: "fpr", most: 0.001 });
    owner.forEach((own, row) => {
      if (own === fold) alarms[row] = scores[row]! >= threshold ? 1 : 0;
    });
  }
  return alarms;
}

/** The F1 that such thresholds reach. */
export const crossF1 = (scores: Float64Array, labels: Uint8Array, owner: Uint8Array): number =>
  f1(countConfusion(labels, crossAlarms(scores, labels, owner, { kind: "f1" })));

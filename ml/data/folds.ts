import { MlError } from "../errors.ts";
import type { Stretch } from "./stretches.ts";

/** One part of a cross-validation: rows that are judged, and rows from which that may be learned. */
export interface Fold {
  readonly test: Int32Array;
  readonly train: Int32Array;
  /** Kinds of attack that were kept out of `train`. */
  readonly withheld?: readonly string[];
}

export interface FoldPlan {
  readonly folds: number;
  /** Rows beside a judged block from which nothing is learned: at least as long as a window, so that none reaches over. */
  readonly gap: number;
}

/**
 * Blocked cross-validation in the order of time: each stretch is cut into as many blocks as there are folds, and a fold judges
 * one block of each. Training leaves out the block and a gap on both sides of it. The last fold learns from earlier rows alone.
 * Stretches too short to be cut are judged whole, in turn.
 *
 * @throws TRAINING_INVALID where there are too few rows for it
 */
export function blockFolds(stretches: readonly Stretch[], { folds, gap }: FoldPlan): Fold[] {
  const parts = Array.from({ length: folds }, () => ({ test: [] as Stretch[], train: [] as Stretch[] }));
  let turn = 0;
  for (const stretch of stretches) {
    const isShort = stretch.length < folds * (2 * gap + 2);
    const whole = isShort ? turn++ % folds : undefined;
    parts.forEach(({ test, train }, fold) => {
      if (whole !== undefined) (whole === fold ? test : train).push(stretch);
      else {
        const from = Math.floor((fold * stretch.length) / folds);
        const to = Math.floor(((fold + 1) * stretch.length) / folds);
        test.push(stretch.subarray(from, to));
        train.push(stretch.subarray(0, Math.max(0, from - gap)), stretch.subarray(to + gap));
      }
    });
  }
  const joined = parts.map(({ test, train }) => ({ test: join(test), train: join(train) }));
  if (joined.some(({ test, train }) => test.length === 0 || train.length === 0))
    throw new MlError("TRAINING_INVALID", {
      detail: `There are too few rows for ${folds} blocks with gaps of ${gap} rows.`,
    });
  return joined;
}

function join(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.sort();
}

/** Which fold judges each row. */
export function foldOf(folds: readonly Fold[], rows: number): Uint8Array {
  const owner = new Uint8Array(rows);
  folds.forEach(({ test }, fold) => test.forEach((row) => (owner[row] = fold)));
  return owner;
}

/**
 * The same folds, each learning nothing of a share of the kinds of attack, so that what is judged holds attacks that nobody has
 * seen, as later files will. Kinds are dealt out by their frequency, the frequent first. Where there are fewer kinds than folds,
 * or a fold would be left without attacks, the folds stay as they are.
 */
export function withholdKinds(folds: readonly Fold[], labels: Uint8Array, kinds: readonly string[]): readonly Fold[] {
  const counts = new Map<string, number>();
  labels.forEach((label, row) => {
    if (label === 1) counts.set(kinds[row]!, (counts.get(kinds[row]!) ?? 0) + 1);
  });
  if (counts.size < folds.length) return folds;
  const byCount = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  const groups = new Map(byCount.map(([kind], at) => [kind, at % folds.length]));
  const withheld = folds.map(({ test, train }, fold) => ({
    test,
    withheld: [...groups.keys()].filter((kind) => groups.get(kind) === fold),
    train: train.filter((row) => labels[row] === 0 || groups.get(kinds[row]!) !== fold),
  }));
  return withheld.every(({ train }) => train.some((row) => labels[row] === 1)) ? withheld : folds;
}

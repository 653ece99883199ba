import { addContext, averageScores, signalsWithPast, type Context } from "../../data/context.ts";
import type { Frame } from "../../data/frame.ts";
import { hasOrder } from "../../data/order.ts";
import { MlError } from "../../errors.ts";
import type { Detector, Learned, Lesson } from "../detector.ts";
import { weightsOf, worthOf } from "../worth.ts";
import { fitBoostedTrees, type BoostPlan } from "./boosted-trees.ts";
import { crossCombine, fitCombination, type Combination } from "./combine.ts";
import { fitIsolationForest } from "./isolation-forest.ts";
import { judgeBaseline, scoreParts, type Parts, type PartScores } from "./judge-baseline.ts";
import { parseBaseline } from "./settings.ts";
import { fitSubspace } from "./subspace.ts";

/** Fixed before any data was seen; only the look back and the averaging are chosen, by cross-validation. */
const BOOST: Omit<BoostPlan, "seed"> = {
  rounds: 150,
  depth: 5,
  learningRate: 0.08,
  lambda: 1,
  leastWeight: 1,
  bins: 64,
  signalShare: 0.4,
  rowShare: 0.7,
};
const FOREST = { trees: 100, sample: 256 };
const VARIANCE_SHARE = 0.95;
const WIDTHS = [0, 8];
const AVERAGES = [1, 4, 12];
/** Fewer attacked rows than this teach trees nothing. */
const LEAST_ATTACKED = 10;

/** What everything else is compared with: subspace, isolation forest and boosted trees, weighed. */
export const baseline: Detector = {
  name: "baseline",
  isPlain: true,
  async learn(lesson) {
    if (lesson.engine !== undefined)
      throw new MlError("TRAINING_INVALID", {
        engine: lesson.engine,
        detail: "The baseline has no network, so no engine runs it: leave --engine out.",
      });
    return await learn(lesson);
  },
  restore: (parts, signals) => judgeBaseline(parseBaseline(parts.settings, signals.length), signals),
};

interface Choice {
  readonly context: Context;
  readonly average: number;
  readonly combination: Combination;
  readonly outOfFold: Float64Array;
}

async function learn(lesson: Lesson): Promise<Learned> {
  const { frame, labels, seed } = lesson;
  const hasAttacks = labels?.includes(1) ?? false;
  const rows = Int32Array.from({ length: frame.rows }, (_, row) => row);
  // Without attacks nothing tells which look back is better, and the one that assumes least is taken; a shuffled table has no past.
  const canLookBack = hasAttacks && hasOrder(frame);
  const widths = WIDTHS.filter((width) => width <= lesson.gap && (canLookBack || width === 0));
  const steps = widths.length * lesson.folds.length + 1;
  const stepProgress = (step: number, what: string) => (done: number) => lesson.progress((step + done) / steps, what);

  let best: { choice: Choice; worth: number } | undefined;
  for (const [at, width] of widths.entries()) {
    const context = { width, signals: width === 0 ? [] : signalsWithPast(frame, rows) };
    const seen = addContext(frame, context);
    const scores = await scoreOutOfFold(seen, lesson, (fold) =>
      stepProgress(at * lesson.folds.length + fold, `look back ${width}, block ${fold + 1}`),
    );
    const combined = crossCombine(scores, lesson);
    for (const average of canLookBack ? AVERAGES : [1]) {
      if (average > lesson.gap) continue;
      const outOfFold = averageScores(combined, frame.stretches, average);
      const worth = worthOf(lesson, outOfFold) ?? 0;
      if (best !== undefined && worth <= best.worth) continue;
      best = {
        worth,
        choice: { context, average, outOfFold, combination: fitCombination(scores, labels, rows, weightsOf(lesson)) },
      };
    }
  }
  if (best === undefined) throw new MlError("TRAINING_INVALID", { detail: "There are too few rows." });
  const { context, average, combination, outOfFold } = best.choice;
  const seen = addContext(frame, context);
  const parts = await fitParts(seen, lesson, rows, seed, stepProgress(steps - 1, "all rows"));
  return {
    outOfFold,
    parts: { networks: {}, scaler: [], settings: { context: { ...context }, average, ...parts, combination } as never },
    engine: "plain TypeScript",
    method: tellMethod(context.width, average, combination),
  };
}

function tellMethod(width: number, average: number, { parts }: Combination): string {
  const names = ["T²", "SPE", "isolation forest", "boosted trees"];
  const weights = parts.map(({ weight }, n) => `${names[n]} ${weight.toFixed(2)}`).join(", ");
  const past = width === 0 ? "each row by itself" : `each row with the ${width} rows up to it`;
  const mean = average === 1 ? "" : `, the score averaged over ${average} rows`;
  return `Sees ${past}${mean}; weights in units of the clean spread: ${weights}.`;
}

/** Each row's part scores from parts that learned from the other blocks. */
async function scoreOutOfFold(
  seen: Frame,
  lesson: Lesson,
  progressOf: (fold: number) => (done: number) => Promise<void>,
): Promise<PartScores> {
  const { labels, folds, seed } = lesson;
  const hasAttacks = labels?.includes(1) ?? false;
  const scores = Array.from({ length: hasAttacks ? 4 : 3 }, () => new Float64Array(seen.rows));
  for (const [fold, { test, train }] of folds.entries()) {
    const parts = await fitParts(seen, lesson, train, `${seed}/${fold}`, progressOf(fold));
    scoreParts(parts, seen).forEach((own, part) => test.forEach((row) => (scores[part]![row] = own[row]!)));
  }
  return scores;
}

async function fitParts(
  seen: Frame,
  { labels, weights }: Lesson,
  rows: Int32Array,
  seed: string,
  progress: (done: number) => Promise<void>,
): Promise<Parts> {
  await progress(0);
  const clean = labels === undefined ? rows : rows.filter((row) => labels[row] === 0);
  if (clean.length < 2)
    throw new MlError("TRAINING_INVALID", { detail: "A block of the rows has no clean row to learn from." });
  const subspace = fitSubspace(seen.values, clean, VARIANCE_SHARE);
  const forest = fitIsolationForest(seen.values, clean, { ...FOREST, seed: `${seed}/forest` });
  const attacked = rows.length - clean.length;
  let boosted: Parts["boosted"] = labels?.includes(1) ? { base: 0, trees: [] } : null;
  if (labels !== undefined && attacked >= LEAST_ATTACKED) {
    const plan = { ...BOOST, seed: `${seed}/boost` };
    const fitted = await fitBoostedTrees(seen.values, labels, rows, plan, progress, weights);
    boosted = { base: fitted.base, trees: [...fitted.trees] };
  }
  return {
    subspace: {
      ...subspace,
      scaler: [...subspace.scaler],
      directions: subspace.directions.map((each) => [...each]),
      variances: [...subspace.variances],
    },
    forest: { sample: forest.sample, trees: [...forest.trees] },
    boosted,
  };
}

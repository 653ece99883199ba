import { fitBoostedTrees, type BoostPlan } from "../baseline/boosted-trees.ts";
import type { Lesson } from "../detector.ts";
import { weightsOf } from "../worth.ts";
import { fitWeights } from "./fit-weights.ts";
import { fuse, type Fusion } from "./fuse.ts";
import type { Evidence } from "./twin.ts";

/** A way to make one score of all evidence, with scores whose weights or trees come from the other blocks. */
export interface FusedScores {
  readonly fusion: Fusion;
  readonly scores: Float64Array;
}

/** Fewer attacked rows than this weigh nothing. */
const LEAST_ATTACKED = 10;
const TREES: Omit<BoostPlan, "seed"> = {
  rounds: 100,
  depth: 4,
  learningRate: 0.1,
  lambda: 1,
  leastWeight: 1,
  bins: 64,
  signalShare: 0.4,
  rowShare: 0.7,
};

const STRONGEST: Fusion = { kind: "strongest" };

/** The strongest evidence by itself, which needs no attacks to learn from. */
export const strongestOf = (strengths: readonly Float64Array[], evidence: readonly Evidence[]): FusedScores => ({
  fusion: STRONGEST,
  scores: Float64Array.from(strengths, (own, row) => fuse(STRONGEST, own, evidence[row]!)),
});

/** What labelled attacks teach: weights, and boosted trees on the evidence. None where there are too few. */
export async function learnFusions(
  lesson: Lesson,
  strengths: readonly Float64Array[],
  evidence: readonly Evidence[],
): Promise<FusedScores[]> {
  const { labels, seed } = lesson;
  if (labels === undefined || labels.reduce((sum, label) => sum + label, 0) < LEAST_ATTACKED) return [];
  const counts = weightsOf(lesson);
  const columns = Array.from({ length: evidence[0]!.length }, (_, n) => Float64Array.from(evidence, (own) => own[n]!));
  const weigh = (rows: Int32Array): Fusion => fitWeights(strengths, labels, rows, counts);
  const grow = async (rows: Int32Array): Promise<Fusion> => {
    const plan = { ...TREES, seed: `${seed}/residual` };
    const { base, trees } = await fitBoostedTrees(
      columns,
      labels,
      rows,
      plan,
      () => lesson.progress(1, "trees"),
      counts,
    );
    return { kind: "trees", base, trees };
  };
  return [await crossFuse(lesson, strengths, evidence, weigh), await crossFuse(lesson, strengths, evidence, grow)];
}

async function crossFuse(
  { labels, folds, frame }: Lesson,
  strengths: readonly Float64Array[],
  evidence: readonly Evidence[],
  fit: (rows: Int32Array) => Fusion | Promise<Fusion>,
): Promise<FusedScores> {
  const scores = new Float64Array(frame.rows);
  for (const { test, train } of folds) {
    // Not simply the other blocks: a fold may be kept from kinds of attack.
    const fusion = train.some((row) => labels![row] === 1) ? await fit(train) : STRONGEST;
    test.forEach((row) => (scores[row] = fuse(fusion, strengths[row]!, evidence[row]!)));
  }
  return { scores, fusion: await fit(Int32Array.from(scores.keys())) };
}

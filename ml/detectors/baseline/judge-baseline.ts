import {
  addContext,
  averageScores,
  createAverage,
  keepRecent,
  lastWithContext,
  rowsBefore,
} from "../../data/context.ts";
import type { Frame } from "../../data/frame.ts";
import { requireNumbers } from "../../data/require-numbers.ts";
import type { Judge } from "../detector.ts";
import { addShares, rankShares } from "../shares.ts";
import { explainBoostedTrees, scoreBoostedTrees } from "./boosted-trees.ts";
import { combine, partShares } from "./combine.ts";
import { explainIsolationForest, scoreIsolationForest } from "./isolation-forest.ts";
import type { BaselineSettings } from "./settings.ts";
import { explainSubspace, scoreSubspace } from "./subspace.ts";

export type Parts = Pick<BaselineSettings, "subspace" | "forest" | "boosted">;

/** Scores of each part, by part: T², SPE, isolation and, where attacks were labelled, boosted trees. */
export type PartScores = readonly Float64Array[];

/** A baseline that was learned, ready to judge. */
export function judgeBaseline(settings: BaselineSettings, signals: readonly string[]): Judge {
  const { context, combination, average } = settings;
  const scoreSeen = (seen: Frame): Float64Array => combine(combination, scoreParts(settings, seen));
  return {
    async score(frame) {
      requireNumbers(frame);
      return averageScores(scoreSeen(addContext(frame, context)), frame.stretches, average);
    },
    async explain(frame, rows) {
      requireNumbers(frame);
      const seen = addContext(frame, context);
      const scores = scoreParts(settings, seen);
      const before = rowsBefore(frame, average);
      return [...rows].map((row) => {
        const carried = new Float64Array(signals.length);
        for (const each of before(row)) carryRow(carried, settings, seen, scores, each);
        return rankShares(carried, signals);
      });
    },
    stream() {
      const recent = keepRecent(signals, Math.max(2, context.width));
      const mean = createAverage(average);
      return {
        async push(row) {
          requireNumbers({ signals, values: Array.from(row, (value) => Float64Array.of(value)) });
          return mean(scoreSeen(lastWithContext(recent.push(row), context))[0]!);
        },
      };
    },
  };
}

export function scoreParts({ subspace, forest, boosted }: Parts, { values, rows }: Frame): PartScores {
  const { within, outside } = scoreSubspace(subspace, values, rows);
  const scores = [within, outside, scoreIsolationForest(forest, values, rows)];
  return boosted === null ? scores : [...scores, scoreBoostedTrees(boosted, values, rows)];
}

/** Adds what each signal carries of a row's score: what a part adds to it is shared as that part explains it. */
function carryRow(
  carried: Float64Array,
  { combination, subspace, forest, boosted, context }: BaselineSettings,
  { values }: Frame,
  scores: PartScores,
  row: number,
): void {
  const worth = partShares(combination, scores, row);
  const { within, outside } = explainSubspace(subspace, values, row);
  const explained = [within, outside, explainIsolationForest(forest, values, row)];
  if (boosted !== null) explained.push(explainBoostedTrees(boosted, values, row));
  explained.forEach((own, part) => {
    if (worth[part]! > 0) addShares(carried, foldBack(own, carried.length, context.signals), worth[part]!);
  });
}

/** What a signal's past carries, the signal carries. */
function foldBack(own: Float64Array, signals: number, withPast: readonly number[]): Float64Array {
  const folded = own.slice(0, signals).map((each) => Math.max(0, each));
  for (let n = signals; n < own.length; n++) folded[withPast[Math.floor((n - signals) / 3)]!]! += Math.max(0, own[n]!);
  return folded;
}

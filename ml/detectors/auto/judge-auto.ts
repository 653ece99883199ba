import type { Judge, SignalShare } from "../detector.ts";
import { rankShares } from "../shares.ts";
import { combineScores, memberShares } from "./combine-scores.ts";
import type { AutoCombination } from "./settings.ts";

/** A member that is ready to judge, by its detector's name. */
export interface JudgingMember {
  readonly detector: string;
  readonly judge: Judge;
}

/** Members that judge, as one. */
export function judgeAuto(
  members: readonly JudgingMember[],
  combination: AutoCombination,
  signals: readonly string[],
): Judge {
  const judges = members.map(({ judge }) => judge);
  return {
    async score(frame) {
      const scores: Float64Array[] = [];
      for (const judge of judges) scores.push(await judge.score(frame));
      return combineScores(combination, scores);
    },
    async explain(frame, rows) {
      const scores: Float64Array[] = [];
      for (const judge of judges) scores.push(await judge.score(frame));
      const told: (readonly (readonly SignalShare[])[])[] = [];
      for (const judge of judges) told.push(await judge.explain(frame, rows));
      return Array.from(rows, (row, n) => {
        const weights = memberShares(combination, scores, row);
        return joinShares(
          members.map(({ detector }, m) => ({ detector, weight: Math.max(0, weights[m]!), shares: told[m]![n]! })),
          signals,
        );
      });
    },
    stream() {
      const streams = judges.map((judge) => judge.stream());
      return {
        async push(row) {
          const scores: Float64Array[] = [];
          for (const stream of streams) scores.push(Float64Array.of(await stream.push(row)));
          return combineScores(combination, scores)[0]!;
        },
      };
    },
  };
}

/** Members' shares as one, each signal with the member that says most of it, and that member's layer. */
function joinShares(
  told: readonly { detector: string; weight: number; shares: readonly SignalShare[] }[],
  signals: readonly string[],
): SignalShare[] {
  const carried = new Float64Array(signals.length);
  const loudest = new Map<string, { by: number; layer: string }>();
  for (const { detector, weight, shares } of told)
    for (const { signal, share, layer } of shares) {
      const by = weight * share;
      carried[signals.indexOf(signal)]! += by;
      if (by > (loudest.get(signal)?.by ?? 0))
        loudest.set(signal, { by, layer: layer === undefined ? detector : `${detector} ${layer}` });
    }
  return rankShares(carried, signals).map((each) => ({ ...each, layer: loudest.get(each.signal)!.layer }));
}

import type { Judge } from "../detector.ts";
import { rankShares } from "../shares.ts";
import { combineScores, memberShares } from "./combine-scores.ts";
import type { AutoCombination } from "./settings.ts";

/** Members that judge, as one. */
export function judgeAuto(judges: readonly Judge[], combination: AutoCombination, signals: readonly string[]): Judge {
  return {
    async score(frame) {
      const scores: Float64Array[] = [];
      for (const judge of judges) scores.push(await judge.score(frame));
      return combineScores(combination, scores);
    },
    async explain(frame, rows) {
      const carried = Array.from(rows, () => new Float64Array(signals.length));
      const scores: Float64Array[] = [];
      for (const judge of judges) scores.push(await judge.score(frame));
      for (const [member, judge] of judges.entries()) {
        const explained = await judge.explain(frame, rows);
        rows.forEach((row, n) => {
          const weight = Math.max(0, memberShares(combination, scores, row)[member]!);
          for (const { signal, share } of explained[n]!) carried[n]![signals.indexOf(signal)]! += weight * share;
        });
      }
      return carried.map((own) => rankShares(own, signals));
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

import { combine, partShares } from "../baseline/combine.ts";
import type { AutoCombination } from "./settings.ts";
import { rarity } from "./tails.ts";

/** Members' scores as one, row by row. */
export function combineScores(combination: AutoCombination, scores: readonly Float64Array[]): Float64Array {
  if (combination.kind === "single") return scores[0]!;
  if (combination.kind === "weighed") return combine(combination, scores);
  return Float64Array.from(scores[0]!.keys(), (row) =>
    combination.tails.reduce((sum, tail, n) => sum + rarity(tail, scores[n]![row]!), 0),
  );
}

/** What each member adds to a row's score. */
export function memberShares(combination: AutoCombination, scores: readonly Float64Array[], row: number): Float64Array {
  if (combination.kind === "single") return Float64Array.of(1);
  if (combination.kind === "weighed") return partShares(combination, scores, row);
  return Float64Array.from(combination.tails, (tail, n) => rarity(tail, scores[n]![row]!));
}

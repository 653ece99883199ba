import type { Model } from "../../model/pack-model.ts";
import { MlError } from "../../errors.ts";

/** What gives rows a score: the PCA, the regime, or a detector that `detect train` has taught on such rows. */
export type Part = "pca" | "regime" | "rows";
export type Decides = "suspect" | "quarantine";

/** So many rows in a row that all reach the limit decide. */
export interface Rule {
  readonly part: Part;
  readonly sustain: number;
  readonly decides: Decides;
  readonly limit: number;
}

/** Longer than this no rule looks back. */
const MOST_SUSTAIN = 12;
const NAME = /^(pca|regime|rows) ([1-9][0-9]?) (suspect|quarantine)$/;

const nameOf = ({ part, sustain, decides }: Rule): string => `${part} ${sustain} ${decides}`;

/** Rules as a model keeps them. */
export const packRules = (rules: readonly Rule[]): Model["thresholds"] =>
  Object.fromEntries(rules.map((rule) => [nameOf(rule), rule.limit]));

/** @throws MODEL_FILE_UNUSABLE where one is none of these parts, or none decides a quarantine */
export function parseRules(thresholds: Model["thresholds"], parts: readonly Part[]): Rule[] {
  const rules = Object.entries(thresholds).map(([name, limit]): Rule => {
    const [, part, sustain, decides] = NAME.exec(name) ?? [];
    const count = Number(sustain);
    if (!parts.includes(part as Part) || !(count <= MOST_SUSTAIN) || !(limit > 0))
      throw new MlError("MODEL_FILE_UNUSABLE", { detail: `The threshold ${name} is none of this detector.` });
    return { part: part as Part, sustain: count, decides: decides as Decides, limit };
  });
  if (!rules.some(({ decides }) => decides === "quarantine"))
    throw new MlError("MODEL_FILE_UNUSABLE", { detail: "Nothing in it decides a quarantine." });
  return rules;
}

/** How many rows before a judged one decide with it. */
export const rowsBefore = (rules: readonly Rule[], steps: number): number =>
  Math.max(...rules.map(({ part, sustain }) => sustain - 1 + (part === "regime" ? steps - 1 : 0)));

/** By row: how far what ends there reaches, 1 is the limit; and by which rule. */
export interface Reached {
  readonly share: Float64Array;
  readonly by: readonly (Rule | undefined)[];
}

/** Scores of a run's rows, by part; those of the parts that there are. */
export type Scores = Readonly<Partial<Record<Part, ArrayLike<number>>>>;

/** How far the rows of a run reach, by the rules of one kind. */
export function reach(rules: readonly Rule[], decides: Decides, scores: Scores): Reached {
  const rows = Object.values(scores)[0]?.length ?? 0;
  const share = new Float64Array(rows);
  const by = new Array<Rule | undefined>(rows);
  for (const rule of rules) {
    if (rule.decides !== decides) continue;
    const held = scores[rule.part]!;
    for (let row = rule.sustain - 1; row < rows; row++) {
      let least = Infinity;
      for (let n = row - rule.sustain + 1; n <= row; n++) least = Math.min(least, held[n]!);
      const own = least / rule.limit;
      if (!(own > share[row]!)) continue;
      share[row] = own;
      by[row] = rule;
    }
  }
  return { share, by };
}

import { fitCombination } from "../baseline/combine.ts";
import { tellWorth } from "../choose-target.ts";
import type { Detector, Learned, Lesson } from "../detector.ts";
import { weightsOf, worthOf } from "../worth.ts";
import { combineScores } from "./combine-scores.ts";
import type { AutoCombination } from "./settings.ts";
import { fitTail } from "./tails.ts";

export interface Member {
  readonly detector: Detector;
  readonly learned: Learned;
}

export interface Chosen {
  readonly kept: readonly Member[];
  readonly combination: AutoCombination;
  readonly outOfFold: Float64Array;
  readonly method: string;
  readonly compared: NonNullable<Learned["compared"]>;
}

/** By so much a combination must be better than the best detector alone: few attacks tell little. */
const MARGIN = { few: 0.02, many: 0.002 };
const FEW_EPISODES = 30;
const WEIGHTS_COST = 2.5;

/**
 * Which detectors judge, and how their scores become one. With attacks: the best by itself, unless a sum of all, alike or weighed
 * by logistic regression without negative weights, is clearly worth more; weights for a block come from the other blocks. Without:
 * the sum of how rare each score is among clean rows.
 */
export function chooseCombination(members: readonly Member[], lesson: Lesson): Chosen {
  const worths = members.map(({ learned }) => worthOf(lesson, learned.outOfFold));
  const ways: readonly Fit[] =
    worths[0] === undefined ? [fitTails] : members.length === 1 ? [] : [fitAlike, fitWeighed];
  const tried = ways.map((fit) => tryCombination(members, lesson, fit));
  const best = members.reduce((a, _, n) => ((worths[n] ?? 0) > (worths[a] ?? 0) ? n : a), 0);
  const single: Tried = {
    combination: { kind: "single" },
    outOfFold: members[best]!.learned.outOfFold,
    worth: worths[best],
  };
  const chosen = pickSimplest(single, tried, marginOf(lesson));
  const kept = chosen === single ? [members[best]!] : members.filter((_, n) => weightAt(chosen.combination, n) > 0);
  return {
    kept,
    combination: withoutZeros(chosen.combination),
    outOfFold: chosen.outOfFold,
    method: tell(members, worths, tried, chosen, kept, lesson),
    compared: members.map((member, n) => ({
      detector: member.detector.name,
      worth: worths[n] ?? null,
      isKept: kept.includes(member),
    })),
  };
}

/**
 * The simplest that is worth as much: a sum must be better than the best alone by the margin, and weights, which are fitted to these
 * attacks, better than a sum of all alike by more.
 */
function pickSimplest(single: Tried, tried: readonly Tried[], margin: number): Tried {
  if (single.worth === undefined) return tried[0] ?? single;
  return tried.reduce((best, next) => {
    const by = best === single ? margin : WEIGHTS_COST * margin;
    return (next.worth ?? 0) > (best.worth ?? 0) + by ? next : best;
  }, single);
}

interface Tried {
  readonly combination: AutoCombination;
  readonly outOfFold: Float64Array;
  readonly worth: number | undefined;
}

type Fit = (scores: readonly Float64Array[], lesson: Lesson, rows: Int32Array) => AutoCombination;

const fitWeighed: Fit = (scores, lesson, rows) => ({
  kind: "weighed",
  ...plain(fitCombination(scores, lesson.labels, rows, weightsOf(lesson))),
});

/** Each in units of the clean spread, all alike: nothing is fitted to attacks. */
const fitAlike: Fit = (scores, { labels }, rows) => {
  const clean = rows.filter((row) => labels?.[row] !== 1);
  return { kind: "weighed", ...plain(fitCombination(scores, undefined, clean)) };
};

const plain = ({ base, parts }: ReturnType<typeof fitCombination>) => ({ base, parts: [...parts] });

const fitTails: Fit = (scores, { labels }, rows) => {
  const clean = rows.filter((row) => labels?.[row] !== 1);
  const tails = scores.map((own) => fitTail(Float64Array.from(clean, (row) => own[row]!)));
  return { kind: "tails", tails: tails.map(({ limits, slope }) => ({ limits: [...limits], slope })) };
};

/** A combination of all rows' scores, and the scores that it gives each block when fitted on the others. */
function tryCombination(members: readonly Member[], lesson: Lesson, fit: Fit): Tried {
  const { folds, frame } = lesson;
  const scores = members.map(({ learned }) => learned.outOfFold);
  const rows = Int32Array.from({ length: frame.rows }, (_, row) => row);
  const outOfFold = new Float64Array(frame.rows);
  folds.forEach(({ test, train }) => {
    const own = combineScores(fit(scores, lesson, train), scores);
    test.forEach((row) => (outOfFold[row] = own[row]!));
  });
  return { combination: fit(scores, lesson, rows), outOfFold, worth: worthOf(lesson, outOfFold) };
}

function marginOf({ target }: Lesson): number {
  return target?.kind === "timely" && target.episodes.length < FEW_EPISODES ? MARGIN.few : MARGIN.many;
}

const weightAt = (combination: AutoCombination, member: number): number =>
  combination.kind === "weighed" ? combination.parts[member]!.weight : 1;

function withoutZeros(combination: AutoCombination): AutoCombination {
  if (combination.kind !== "weighed") return combination;
  return { ...combination, parts: combination.parts.filter(({ weight }) => weight > 0) };
}

function tell(
  members: readonly Member[],
  worths: readonly (number | undefined)[],
  tried: readonly Tried[],
  chosen: Tried,
  kept: readonly Member[],
  { target }: Lesson,
): string {
  const told = (worth: number | undefined): string => (worth === undefined ? "–" : worth.toFixed(3));
  const names = kept.map(({ detector }) => detector.name).join(", ");
  const own = kept.map(({ detector, learned }) => `${detector.name}: ${learned.method}`).join(" ");
  if (worths[0] === undefined)
    return `No attack is labelled: ${names} are combined by the sum of -log2 of the share of clean rows that score as much (Fisher 1925). ${own}`;
  const each = members.map(({ detector }, n) => `${detector.name} ${told(worths[n])}`).join(", ");
  const sums = tried.map(({ worth }, n) => `${["all alike", "all weighed"][n]} ${told(worth)}`).join(", ");
  const weights =
    chosen.combination.kind === "weighed"
      ? ` with weights ${chosen.combination.parts.map(({ weight }) => weight.toFixed(2)).join(", ")}`
      : "";
  const by = tellWorth(target ?? { kind: "f1" });
  return `Compared by ${by}: ${each}${sums === "" ? "" : `; ${sums}`}. Kept: ${names}${weights}. ${own}`;
}

import { averageScores } from "../../data/context.ts";
import type { Fold } from "../../data/folds.ts";
import { hasOrder } from "../../data/order.ts";
import type { Engine } from "../../engines/engine.ts";
import { loadEngine } from "../../engines/load.ts";
import { MlError } from "../../errors.ts";
import { crossCombine, fitCombination, type Combination } from "../baseline/combine.ts";
import type { Learned, Lesson } from "../detector.ts";
import { weightsOf, worthOf } from "../worth.ts";
import { fitMember, LEAST_ATTACKED, type Member } from "./fit-member.ts";
import { drawLosses } from "./draw-losses.ts";
import { countTrainings } from "./count-trainings.ts";
import { prepareFrame, widthOf } from "./prepare.ts";
import { openRunner } from "./run-networks.ts";
import { scoreWindows } from "./scores.ts";
import { packHybrid } from "./settings.ts";
import { BATCH } from "./judge-hybrid.ts";

/** Chosen among by cross-validation: rows of a window where rows follow one another, and rows over which scores are averaged. */
const STEPS = [1, 8, 24];
const AVERAGES = [1, 4, 12];
/** Where nothing is labelled, nothing tells which window is better. */
const UNLABELLED_STEPS = 8;

/** Folds at once: their networks learn in threads of their own. */
const AT_ONCE = 2;

interface Choice {
  readonly steps: number;
  /** Whether the head that has learned attacks has a say: of few attacks nothing may be learned that holds for others. */
  readonly isTold: boolean;
  readonly average: number;
  readonly combination: Combination;
  readonly outOfFold: Float64Array;
  /** Of each fold. */
  readonly members: readonly Member[];
}

/** Learns a hybrid. What is chosen is chosen by scores of blocks that had not been learned from. */
export async function learnHybrid(lesson: Lesson): Promise<Learned> {
  const { frame, labels } = lesson;
  const engine = await loadEngine(lesson.engine);
  const rows = Int32Array.from({ length: frame.rows }, (_, row) => row);
  const candidates = stepsToTry(lesson);
  const attacked = labels?.reduce((sum, label) => sum + label, 0) ?? 0;
  const canTell = attacked >= LEAST_ATTACKED;
  const report = countTrainings((canTell ? 2 : 1) * (candidates.length * lesson.folds.length + 1), lesson.progress);

  let best: { choice: Choice; worth: number } | undefined;
  for (const steps of candidates) {
    const { parts, members } = await scoreOutOfFold(lesson, engine, { steps, isTold: canTell }, report);
    for (const isTold of canTell ? [true, false] : [false]) {
      const used = isTold ? parts : parts.slice(0, partsUntold(steps));
      const combined = crossCombine(used, lesson);
      for (const average of attacked > 0 ? AVERAGES : [1]) {
        if (average > lesson.gap) continue;
        const outOfFold = averageScores(combined, frame.stretches, average);
        const worth = worthOf(lesson, outOfFold) ?? 0;
        if (best !== undefined && worth <= best.worth) continue;
        const combination = fitCombination(used, labels, rows, weightsOf(lesson));
        best = { worth, choice: { steps, isTold, average, outOfFold, members, combination } };
      }
    }
  }
  if (best === undefined) throw new MlError("TRAINING_INVALID", { detail: "There are too few rows." });
  const { choice } = best;
  const { steps, isTold, average, combination, outOfFold, members } = choice;
  const epochs = meanEpochs(members);
  const member = await fitMember(
    lesson,
    rows,
    { engine: engine.name, steps, isTold, seed: `${lesson.seed}/all`, epochs },
    report,
  );
  return {
    outOfFold,
    parts: packHybrid({ ...member, steps, average, combination }, frame.signals),
    engine: engine.version,
    method: tellMethod(choice, epochs),
    losses: drawLosses(members, member),
  };
}

/** Parts of a score that have seen no attack; what has learned attacks comes after them. */
const partsUntold = (steps: number): number => (steps > 1 ? 3 : 2);

function stepsToTry({ frame, labels, gap }: Lesson): number[] {
  if (!hasOrder(frame)) return [1];
  const wanted = labels?.includes(1) ? STEPS : [UNLABELLED_STEPS];
  // A window is no longer than the gap between rows that are learned from and rows that are judged.
  return [...new Set(wanted.map((steps) => Math.max(1, Math.min(steps, gap))))];
}

/** Each row's part scores by networks that learned from the other blocks, and how long those learned. */
async function scoreOutOfFold(
  lesson: Lesson,
  engine: Engine,
  { steps, isTold }: { steps: number; isTold: boolean },
  report: ReturnType<typeof countTrainings>,
): Promise<{ parts: Float64Array[]; members: readonly Member[] }> {
  const { frame, folds, seed } = lesson;
  const parts = Array.from({ length: partsUntold(steps) + (isTold ? 1 : 0) }, () => new Float64Array(frame.rows));
  const judge = async ({ test, train }: Fold, fold: number): Promise<Member> => {
    const plan = { engine: engine.name, steps, isTold, seed: `${seed}/${steps}/${fold}`, epochs: undefined };
    const member = await fitMember(lesson, train, plan, report);
    const { values, starts } = prepareFrame(member.preparations, frame, steps);
    const size = { width: widthOf(member.preparations), steps };
    const runner = await openRunner(engine, member.networks, { ...size, batch: BATCH });
    const windows = { values, starts: Uint32Array.from(test, (row) => starts[row]!) };
    const own = await scoreWindows(runner, windows, member.usual, size);
    await runner.close();
    // A fold with too few attacks to learn from has no second head, which then says nothing.
    own.forEach((scores, part) => scores.forEach((score, at) => (parts[part]![test[at]!] = score)));
    return member;
  };
  const members: Member[] = [];
  for (let from = 0; from < folds.length; from += AT_ONCE)
    members.push(...(await Promise.all(folds.slice(from, from + AT_ONCE).map((fold, n) => judge(fold, from + n)))));
  return { parts, members };
}

/** For how long the networks of the folds learned, in the middle: so long the last ones learn, from all rows. */
function meanEpochs(members: readonly Member[]): Member["epochs"] {
  const meanOf = (of: (member: Member) => number | undefined): number => {
    const known = members.map(of).filter((epochs) => epochs !== undefined);
    return Math.max(1, Math.round(known.reduce((sum, epochs) => sum + epochs, 0) / Math.max(1, known.length)));
  };
  return { rebuild: meanOf(({ epochs }) => epochs.rebuild), tell: meanOf(({ epochs }) => epochs.tell) };
}

function tellMethod({ steps, isTold, average, combination }: Choice, epochs: Member["epochs"]): string {
  const names = ["rebuilding", "the worst signal", ...(steps > 1 ? ["foresight"] : []), "attacks learned"];
  const weights = combination.parts.map(({ weight }, n) => `${names[n]} ${weight.toFixed(2)}`).join(", ");
  const past = steps === 1 ? "each row by itself" : `windows of ${steps} rows`;
  const mean = average === 1 ? "" : `, the score averaged over ${average} rows`;
  const told = isTold ? ` and ${epochs.tell}` : "";
  return `Sees ${past}${mean}; trained for ${epochs.rebuild}${told} epochs; weights in units of the clean spread: ${weights}.`;
}

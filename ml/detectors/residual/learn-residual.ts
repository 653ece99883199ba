import { foldOf } from "../../data/folds.ts";
import type { Frame } from "../../data/frame.ts";
import { MlError } from "../../errors.ts";
import type { Learned, Lesson } from "../detector.ts";
import { worthOf } from "../worth.ts";
import { toStrength } from "./fuse.ts";
import { learnFusions, strongestOf } from "./fusions.ts";
import { shapeInputs, type SignalShape } from "./inputs.ts";
import { createHold, createMemory, HOLDS, limitMemory, MEMORIES, type Hold, type Memory } from "./sequential.ts";
import type { Judging, ResidualSettings } from "./settings.ts";
import { tellMethod } from "./tell.ts";
import { fitTwin, weighRows, type Evidence } from "./twin.ts";

/** Rows this near to an attacked one are not learned from: labels are often an hour late, and what was held comes back. */
const NEAR = 3;
/** A choice has to be this much better than a simpler one. */
const LEAST_BETTER = 0.005;
const LEAST_CLEAN = 100;

/** Evidence from twins that had not learned from a row's block, and what each twin's memories are measured by. */
interface CrossEvidence {
  readonly evidence: readonly Evidence[];
  /** By memory, by fold, by relation. */
  readonly limits: readonly (readonly (readonly number[])[])[];
  readonly owner: Uint8Array;
}

/** Learns twin and judging; what is chosen is chosen on evidence from twins that had not learned from a row's block. */
export async function learnResidual(lesson: Lesson): Promise<Learned> {
  const { frame, labels, folds } = lesson;
  const clean = cleanRows(frame, labels);
  const shapes = shapeInputs(frame, orderedClean(frame, clean));
  const steps = folds.length + 1;
  const progressOf = (step: number, what: string) => (done: number) => lesson.progress((step + done) / steps, what);
  const isLookingBack = shapes.some(({ kind, hasPast }) => kind !== "still" && hasPast);
  // Without attacks nothing tells which is better: small residuals add up, over about as many rows as an eye would wait.
  const memories = !isLookingBack ? MEMORIES.slice(0, 1) : labels?.includes(1) ? MEMORIES : MEMORIES.slice(1, 2);

  const evidence = new Array<Evidence>(frame.rows);
  const limits: number[][][] = memories.map(() => []);
  for (const [fold, { test, train }] of folds.entries()) {
    const learned = await learnTwin(
      frame,
      shapes,
      orderedClean(frame, clean, train),
      memories,
      progressOf(fold, `block ${fold + 1}`),
    );
    weighRows(learned.twin, learned.layout, learned.designed, test).forEach((each, n) => (evidence[test[n]!] = each));
    learned.limits.forEach((own, memory) => limits[memory]!.push(own));
  }
  const cross: CrossEvidence = { evidence, limits, owner: foldOf(folds, frame.rows) };
  const chosen = await chooseJudging(lesson, cross, memories);
  const { twin, limits: last } = await learnTwin(
    frame,
    shapes,
    orderedClean(frame, clean),
    memories,
    progressOf(folds.length, "all rows"),
  );
  const memory = { ...chosen.judging.memory, limits: last[memories.indexOf(chosen.judging.memory)]! };
  const settings: ResidualSettings = { ...twin, ...chosen.judging, memory };
  return {
    outOfFold: chosen.outOfFold,
    parts: { networks: {}, scaler: [], settings: settings as never },
    engine: "plain TypeScript",
    method: tellMethod(twin, chosen.judging, frame.signals),
  };
}

async function learnTwin(
  frame: Frame,
  shapes: readonly SignalShape[],
  clean: Int32Array,
  memories: readonly Memory[],
  progress: (done: number) => Promise<void>,
) {
  if (clean.length < LEAST_CLEAN)
    throw new MlError("TRAINING_INVALID", {
      detail: `A block has fewer than ${LEAST_CLEAN} clean rows to learn from.`,
    });
  const fitted = await fitTwin(frame, shapes, clean, progress);
  const isClean = new Uint8Array(frame.rows);
  for (const row of clean) isClean[row] = 1;
  const stretches = frame.stretches.map((stretch) => stretch.filter((row) => isClean[row] === 1));
  return { ...fitted, limits: memories.map((memory) => limitMemory(memory, fitted.residuals, stretches)) };
}

/** Clean rows; where rows follow one another those near an attack are left out. */
function cleanRows({ rows, stretches }: Frame, labels: Uint8Array | undefined): Uint8Array {
  const clean = new Uint8Array(rows).fill(1);
  if (labels === undefined) return clean;
  for (const stretch of stretches)
    stretch.forEach((row, at) => {
      if (labels[row] === 0) return;
      for (const near of stretch.subarray(Math.max(0, at - NEAR), at + NEAR + 1)) clean[near] = 0;
    });
  return clean;
}

/** In the order of their stretches. */
function orderedClean({ rows, stretches }: Frame, clean: Uint8Array, among?: Int32Array): Int32Array {
  const wanted = among === undefined ? clean : new Uint8Array(rows);
  if (among !== undefined) for (const row of among) wanted[row] = clean[row]!;
  return Int32Array.from(stretches.flatMap((stretch) => [...stretch.filter((row) => wanted[row] === 1)]));
}

/** Strengths by row: evidence with what it adds up to, each relation's in units of the twin that judged the row. */
function strengthsOf(
  lesson: Lesson,
  { evidence, limits, owner }: CrossEvidence,
  memory: Memory,
  at: number,
): Float64Array[] {
  const strengths = new Array<Float64Array>(evidence.length);
  const relations = limits[at]![0]!.length;
  for (const stretch of lesson.frame.stretches) {
    const memories = Array.from({ length: relations }, () => createMemory(memory));
    for (const row of stretch)
      strengths[row] = evidence[row]!.map((value, n) =>
        toStrength(value, n < relations ? Math.abs(memories[n]!(value)) / limits[at]![owner[row]!]![n]! : 0),
      );
  }
  return strengths;
}

async function chooseJudging(
  lesson: Lesson,
  cross: CrossEvidence,
  memories: readonly Memory[],
): Promise<{ judging: Judging; outOfFold: Float64Array }> {
  const { frame } = lesson;
  let best: { worth: number; judging: Judging; outOfFold: Float64Array } | undefined;
  const holds = memories.length > 1 ? HOLDS : HOLDS.slice(0, 1);
  for (const [at, memory] of memories.entries()) {
    const strengths = strengthsOf(lesson, cross, memory, at);
    const fused = [strongestOf(strengths, cross.evidence)];
    // What attacks teach does without a memory.
    if (memory.kind === "none") fused.push(...(await learnFusions(lesson, strengths, cross.evidence)));
    for (const { fusion, scores } of fused)
      for (const hold of holds) {
        const outOfFold = holdScores(scores, frame, hold);
        const worth = worthOf(lesson, outOfFold) ?? 0;
        if (best === undefined || worth > best.worth + LEAST_BETTER)
          best = { worth, outOfFold, judging: { memory, fusion, hold } };
      }
  }
  return best!;
}

function holdScores(scores: Float64Array, { stretches }: Frame, hold: Hold): Float64Array {
  const held = new Float64Array(scores.length);
  for (const stretch of stretches) {
    const keep = createHold(hold);
    for (const row of stretch) held[row] = keep(scores[row]!);
  }
  return held;
}

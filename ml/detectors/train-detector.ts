import { blockFolds, foldOf, withholdKinds, type Fold } from "../data/folds.ts";
import { cellsOf, type Frame, type Training } from "../data/frame.ts";
import { findLeaks, type Leak } from "../data/leaks.ts";
import { MlError } from "../errors.ts";
import { evaluate, type Evaluation } from "../evaluate/evaluate.ts";
import { chooseThreshold, crossAlarms, weighKinds, type ThresholdTarget } from "../evaluate/threshold.ts";
import type { Card } from "../model/card.ts";
import type { Model } from "../model/pack-model.ts";
import { hashModel } from "../model-hash.ts";
import { chooseTarget, tellTarget, unseenRows } from "./choose-target.ts";
import type { Detector, Learned } from "./detector.ts";
import { tellFalsePositives } from "./false-positives.ts";
import type { Work } from "./work.ts";

export interface TrainPlan {
  readonly detector: Detector;
  /** At most this share of false alarms; undefined: `chooseTarget` decides. */
  readonly falseAlarms: number | undefined;
  readonly allowedLeaks: readonly string[];
  readonly engine: string | undefined;
  readonly seed: string;
  /** Where a training that was killed is taken up again; without it nothing is kept. */
  readonly work?: Work;
  readonly progress: (done: number, what: string) => Promise<void>;
}

export interface Trained {
  readonly model: Model;
  readonly leaks: readonly Leak[];
  /** On the training rows, each judged by what had not learned from its block; undefined without labels. */
  readonly crossValidated: Evaluation | undefined;
  /** The same for the last block of each file alone: learned from earlier rows only. */
  readonly lastBlock: Evaluation | undefined;
  /** Of attacked rows whose kind was kept from what judged them: how many there were and which share was found. */
  readonly unseen: { readonly rows: number; readonly recall: number } | undefined;
  /** How blocks were judged, in words. */
  readonly how: string;
  /** Where several detectors were compared: what each is worth by the target. */
  readonly compared: NonNullable<Learned["compared"]>;
  /** Of networks: their losses, epoch by epoch. */
  readonly losses: NonNullable<Learned["losses"]>;
}

const FOLDS = 5;
const LEAST_GAP = 12;

/**
 * Trains a detector. Everything, the threshold among it, is chosen on these rows by blocked cross-validation.
 *
 * @throws LABEL_LEAKED where a column that is not allowed gives the label away; TRAINING_INVALID
 */
export async function trainDetector(training: Training, plan: TrainPlan): Promise<Trained> {
  const { frame } = training;
  const leaks = refuseLeaks(training, plan.allowedLeaks);
  const labels = labelsToLearn(training.labels);
  const gap = Math.max(LEAST_GAP, Math.ceil(frame.rows / 500));
  const blocks = blockFolds(frame.stretches, { folds: FOLDS, gap });
  const folds =
    labels === undefined || training.kinds === undefined ? blocks : withholdKinds(blocks, labels, training.kinds);
  const how = tellFolds(gap, folds !== blocks);
  const owner = foldOf(folds, frame.rows);

  const target = chooseTarget(training, plan.falseAlarms, folds);
  const weights = target.kind === "kinds" ? weighKinds(labels!, training.kinds!) : undefined;
  const { detector, seed, engine, work, progress } = plan;
  const learned = await detector.learn({ frame, labels, folds, gap, target, weights, seed, engine, work, progress });
  const known = labels ?? new Uint8Array(frame.rows);
  const scores = learned.outOfFold;
  const alarms = crossAlarms(scores, known, owner, target);
  const judge = (fold?: Fold): Evaluation => {
    const inFold = new Set(fold?.test);
    const rows = inOrder(frame).filter((row) => fold === undefined || inFold.has(row));
    return evaluate({
      labels: Uint8Array.from(rows, (row) => known[row]!),
      scores: Float64Array.from(rows, (row) => scores[row]!),
      alarms: Uint8Array.from(rows, (row) => alarms[row]!),
      kinds: training.kinds === undefined ? undefined : [...rows].map((row) => training.kinds![row]!),
    });
  };
  const all = judge();
  const last = labels?.includes(1) ? judge(folds.at(-1)) : undefined;
  return {
    model: toModel(training, detector, learned, chooseThreshold(scores, known, target), {
      calibration: tellCalibration(target, how, learned),
      falsePositives: tellFalsePositives(frame, known, alarms),
      metrics: metricsOf(all, how, last),
    }),
    leaks,
    unseen: unseenRecall(folds, training, alarms),
    how,
    crossValidated: labels === undefined ? undefined : all,
    lastBlock: last,
    compared: learned.compared ?? [],
    losses: learned.losses ?? [],
  };
}

function labelsToLearn(labels: Uint8Array | undefined): Uint8Array | undefined {
  if (labels !== undefined && !labels.includes(0))
    throw new MlError("TRAINING_INVALID", {
      detail: "No row is clean by its label: name the word for clean rows with --normal.",
    });
  return labels;
}

/** Leaks that are allowed. @throws LABEL_LEAKED naming all others */
function refuseLeaks({ labels, tables, reading }: Training, allowed: readonly string[]): Leak[] {
  if (labels === undefined) return [];
  const seen = reading.types.filter(({ kind }) => kind !== "constant");
  // One column after the other: the texts of all at once are most of what a training would take.
  const leaks = seen.flatMap(({ name }) =>
    findLeaks([{ name, cells: tables.flatMap((table) => cellsOf(table, name)) }], labels),
  );
  const refused = leaks.filter(({ column }) => !allowed.includes(column));
  if (refused.length === 0) return leaks;
  const told = refused.map((leak) => `${leak.column} (${leak.form}: ${leak.balancedAccuracy.toFixed(4)})`).join(", ");
  const detail = `By balanced accuracy on rows not learned from, these alone tell attacked from clean rows: ${told}.`;
  throw new MlError("LABEL_LEAKED", { leaks: refused, columns: refused.map(({ column }) => column), detail });
}

/** Rows stretch by stretch: a device's rows follow one another. */
const inOrder = ({ stretches }: Frame): Int32Array => Int32Array.from(stretches.flatMap((stretch) => [...stretch]));

function toModel(
  { reading, tables }: Training,
  detector: Detector,
  { parts, engine }: Learned,
  threshold: number,
  told: Pick<Card, "calibration" | "falsePositives" | "metrics">,
): Model {
  const digests = tables.map(({ digest }) => digest);
  const card: Card = {
    format: "model-card@1",
    detector: detector.name,
    engine,
    sees: reading.types.filter(({ kind }) => kind !== "constant").map(({ name }) => name),
    ...told,
    data: { digest: hashModel(digests), rows: tables.reduce((sum, { rows }) => sum + rows, 0) },
    privacy: null,
  };
  // Through JSON, so that what is scored now and what is loaded later are the same.
  const settings = JSON.parse(JSON.stringify({ reading, detector: parts.settings })) as Model["settings"];
  return { ...parts, thresholds: { alarm: threshold }, settings, card };
}

function unseenRecall(folds: readonly Fold[], { labels, kinds }: Training, alarms: Uint8Array): Trained["unseen"] {
  if (labels === undefined || kinds === undefined) return undefined;
  const unseen = unseenRows(folds, labels, kinds);
  const rows = [...unseen.keys()].filter((row) => unseen[row] === 1);
  if (rows.length === 0) return undefined;
  return { rows: rows.length, recall: rows.reduce((sum, row) => sum + alarms[row]!, 0) / rows.length };
}

function tellFolds(gap: number, isWithheld: boolean): string {
  const kinds = isWithheld ? ", each without a fifth of the kinds of attack" : "";
  return `${FOLDS} blocks in the order of time of each file, gaps of ${gap} rows${kinds}`;
}

const MOST_TOLD = 2_000;

function tellCalibration(target: ThresholdTarget, how: string, { method }: Learned): string {
  const aim = tellTarget(target);
  const told = `Threshold for ${aim}, on training rows scored by models that had not learned from their block: ${how}. ${method}`;
  return told.slice(0, MOST_TOLD);
}

function metricsOf(all: Evaluation, how: string, last: Evaluation | undefined): Card["metrics"] {
  const told = (evaluation: Evaluation, measuredOn: string): Card["metrics"] =>
    evaluation.figures.map((figure) => ({ ...figure, measuredOn }));
  return [
    ...told(all, `the training rows, cross-validated (${how}; threshold from the other blocks)`),
    ...(last === undefined ? [] : told(last, `the last block alone, which learned from earlier rows (${how})`)),
  ];
}

import { InvalidArgumentError, Option, type Command } from "commander";
import { readTraining, type Training, type TrainingFiles } from "../../../ml/data/frame.ts";
import { TIME_FORMATS, type TimeFormat } from "../../../ml/data/time.ts";
import { DETECTOR_NAMES, findDetector } from "../../../ml/detectors/detectors.ts";
import { trainDetector, type Trained } from "../../../ml/detectors/train-detector.ts";
import { ENGINE_NAMES } from "../../../ml/engines/engine.ts";
import { hashModel } from "../../../ml/model-hash.ts";
import { saveModel } from "../../../ml/model/model-files.ts";
import { hashOwnSources } from "../../../ml/own-sources.ts";
import { openPartial } from "../partial-work.ts";
import { drawCurves, drawLosses, printEvaluation } from "../print-evaluation.ts";
import { takeNames } from "../options.ts";
import { printJson, printTable } from "../print.ts";
import { showProgress } from "../show-progress.ts";

interface TrainOptions {
  readonly data: string[];
  readonly time?: string;
  readonly timeFormat?: TimeFormat;
  readonly device?: string;
  readonly label?: string;
  readonly kinds?: string;
  readonly normal: string;
  readonly drop: string[];
  readonly header: boolean;
  readonly model: string;
  readonly detector: string;
  readonly fpr?: number;
  readonly allowLeak: string[];
  readonly engine?: string;
  readonly seed: string;
  readonly plots?: string;
  readonly json?: boolean;
}

export function addTrainCommand(detect: Command): void {
  detect
    .command("train")
    .description("learn from files of rows what is usual and what an attack looks like")
    .requiredOption(
      "--data <files>",
      "CSV files, separated by commas: the same columns, each a stretch of its own",
      takeNames,
    )
    .requiredOption("--model <directory>", "where the model is written")
    .option("--time <column>", "the time of a row; its format is inferred")
    .addOption(
      new Option("--time-format <format>", "the format of --time, where it cannot be inferred").choices(TIME_FORMATS),
    )
    .option("--device <column>", "whose row it is: each device's rows are a stretch of their own")
    .option("--label <column>", "whether a row is attacked: 0, false, nothing and the word of --normal are clean")
    .option("--normal <word>", "the label of clean rows, in any case", "normal")
    .option("--kinds <column>", "what kind of attack a row is of, for the report; detectors never see it")
    .option("--drop <columns>", "columns to leave out, separated by commas", takeNames, [])
    .option("--no-header", "the files have no header: columns are c0, c1, …")
    .addOption(
      new Option("--detector <name>", "auto compares all by blocked cross-validation and combines them")
        .choices(DETECTOR_NAMES)
        .default("auto"),
    )
    .option("--fpr <share>", "threshold for at most this share of false alarms (default: see below)", takeShare)
    .option("--allow-leak <columns>", "columns that may tell the label by themselves", takeNames, [])
    .addOption(
      new Option("--engine <name>", "what computes networks; it fails where it is missing").choices(ENGINE_NAMES),
    )
    .option("--seed <text>", "the same seed and files give the same model", "1")
    .option(
      "--plots <directory>",
      "write the cross-validated ROC and precision-recall curves, and losses of networks by epoch, as SVG",
    )
    .addHelpText(
      "after",
      `
Everything, the threshold among it, is chosen on these rows alone: they are cut into blocks of time, and each block is judged
by what was learned from the others, with a gap between. The figures printed are of those judgements, with their 95 % intervals;
where attacks have five kinds or more (by the label or --kinds), each block is judged without having seen a fifth of them, because
later files will hold new ones. A column that tells the label by itself is refused.

Without --fpr the threshold is for the best timely accuracy where rows have a time and attacks last, for the best balanced
accuracy by kinds where kinds were kept back, else for the best F1; but for the second, at no more than 1 % of false alarms.
Without labels it keeps one false alarm in a thousand rows.

What networks and detectors have learned so far is kept in MODEL.partial until the model is written. Killed and begun again with the
same files, options and version, it goes on from there, to the same model; with others it says so, and begins anew.

  $ npx twinward detect train --data clean.csv,attacked.csv --time TIME --label ATTACK --model model/
  $ npx twinward detect train --data flows.txt --no-header --label c41 --drop c42 --model model/ --detector baseline
`,
    )
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const began = performance.now();
  const detector = findDetector(options.detector);
  const wanted: TrainingFiles = { ...options, files: options.data, hasHeader: options.header };
  const training = await readTraining(wanted);
  const partial = await openPartial(options.model, lessonOf(training, options), console.error);
  const bar = showProgress("training");
  let trained: Trained;
  let hash: string;
  try {
    trained = await trainDetector(training, {
      detector,
      falseAlarms: options.fpr,
      allowedLeaks: options.allowLeak,
      engine: options.engine,
      seed: options.seed,
      work: partial.work,
      progress: bar.update,
    });
    hash = saveModel(options.model, trained.model);
  } catch (error) {
    await partial.leave();
    throw error;
  } finally {
    bar.stop();
  }
  // Whoever dies before this is done finds all of it again, and writes the same model once more.
  await partial.remove();
  const { crossValidated, lastBlock, model, leaks, compared, how, unseen } = trained;
  if (options.plots !== undefined && crossValidated !== undefined) drawCurves(options.plots, crossValidated);
  if (options.plots !== undefined) drawLosses(options.plots, trained.losses);
  const seconds = (performance.now() - began) / 1000;
  if (options.json) {
    const { card, thresholds } = model;
    printJson({ hash, directory: options.model, seconds, threshold: thresholds.alarm, compared, leaks, unseen, card });
    return;
  }
  for (const { column, form } of leaks)
    console.log(`! ${column} tells the label by itself (${form}), as --allow-leak has it.`);
  if (compared.length > 1) printTable(["detector", "worth", ""], compared.map(comparedRow));
  if (crossValidated !== undefined) printEvaluation(`cross-validated: ${how}`, crossValidated);
  if (unseen !== undefined)
    console.log(
      `${unseen.rows} attacked rows of kinds that what judged them had never seen: recall ${unseen.recall.toFixed(4)}`,
    );
  if (lastBlock !== undefined) printEvaluation("the last fifth of each file, learned from earlier rows", lastBlock);
  console.log(`${model.card.detector} (${model.card.engine}): ${model.card.calibration}`);
  console.log(`model ${hash}\nin ${options.model}, from ${model.card.data.rows} rows, in ${seconds.toFixed(0)} s`);
}

/** Everything that a model follows from, as one name: rows, options, and the software with its version of Node. */
function lessonOf(
  { tables }: Training,
  { data: _data, model: _model, plots: _plots, json: _json, ...said }: TrainOptions,
): string {
  return hashModel({ rows: tables.map(({ digest }) => digest), said, software: hashOwnSources() });
}

const comparedRow = ({ detector, worth, isKept }: Trained["compared"][number]): string[] => [
  detector,
  worth === null ? "–" : worth.toFixed(4),
  isKept ? "kept" : "",
];

function takeShare(text: string): number {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw new InvalidArgumentError("It is a share between 0 and 1, such as 0.01.");
  return share;
}

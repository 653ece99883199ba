import { Option, type Command } from "commander";
import { readFrame } from "../../../ml/data/frame.ts";
import { openDetector } from "../../../ml/detectors/train-detector.ts";
import { ENGINE_NAMES } from "../../../ml/engines/engine.ts";
import { loadModel } from "../../../ml/model/model-files.ts";
import { replaceFile } from "../../../ml/write-file.ts";
import { printJson } from "../print.ts";
import { formatScores } from "../scores-file.ts";

interface ScoreOptions {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly engine?: string;
  readonly json?: boolean;
}

export function addScoreCommand(detect: Command): void {
  detect
    .command("score")
    .description("judge each row of a file by a model")
    .requiredOption("--model <directory>", "the model, as train wrote it")
    .requiredOption("--data <file>", "CSV of rows in the order of time; the label and columns left out may be absent")
    .requiredOption("--out <file>", "where the scores are written: row,score,alarm, a line per row, in order")
    .addOption(
      new Option("--engine <name>", "what computes networks; it fails where it is missing").choices(ENGINE_NAMES),
    )
    .addHelpText(
      "after",
      `
A score is higher when a row is more suspicious; alarm is 1 where it reaches the model's threshold. A row is judged by
itself and the rows before it, never by later ones.

  $ npx twinward detect score --model model/ --data today.csv --out scores.csv
`,
    )
    .action(async ({ model: directory, data, out, engine, json }: ScoreOptions) => {
      const { model, hash } = loadModel(directory);
      const detector = await openDetector(model, engine);
      const { frame } = await readFrame(data, detector.reading);
      const { scores, alarms } = await detector.judge(frame);
      replaceFile(out, [Buffer.from(formatScores(scores, alarms))]);
      const alarmed = alarms.reduce((sum, alarm) => sum + alarm, 0);
      const { detector: name, engine: by } = model.card;
      if (json) printJson({ model: hash, detector: name, engine: by, rows: frame.rows, alarms: alarmed, out });
      else console.log(`${frame.rows} rows, ${alarmed} alarms, by ${name} ${hash} (${by}), in ${out}`);
    });
}

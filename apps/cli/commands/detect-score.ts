import { Option, type Command } from "commander";
import { readFrame } from "../../../ml/data/frame.ts";
import { openDetector } from "../../../ml/detectors/open-detector.ts";
import { ENGINE_NAMES } from "../../../ml/engines/engine.ts";
import { loadModel } from "../../../ml/model/model-files.ts";
import { replaceFile } from "../../../ml/write-file.ts";
import { printJson } from "../print.ts";
import { formatExplanations, formatScores } from "../scores-file.ts";

interface ScoreOptions {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly explain?: string;
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
    .option(
      "--explain <file>",
      "say for each alarm which signals carry it: NDJSON with row, score, signals and their shares",
    )
    .addOption(
      new Option("--engine <name>", "what computes networks; it fails where it is missing").choices(ENGINE_NAMES),
    )
    .addHelpText(
      "after",
      `
A score is higher when a row is more suspicious; alarm is 1 where it reaches the model's threshold. A row is judged by
itself and the rows before it, never by later ones. With --explain each alarm is a line such as
{"row":7,"score":3.1,"alarm":1,"signals":[{"signal":"flow","share":0.81},{"signal":"level","share":0.19}]}
where a signal may also have the part of the detector that says most of it, as its layer.

  $ npx twinward detect score --model model/ --data today.csv --out scores.csv
`,
    )
    .action(async ({ model: directory, data, out, explain, engine, json }: ScoreOptions) => {
      const { model, hash } = loadModel(directory);
      const detector = await openDetector(model, engine);
      const { frame } = await readFrame(data, detector.reading);
      const { scores, alarms } = await detector.judge(frame);
      replaceFile(out, [Buffer.from(formatScores(scores, alarms))]);
      if (explain !== undefined) {
        const called = Int32Array.from(alarms.keys()).filter((row) => alarms[row] === 1);
        const shares = await detector.explain(frame, called);
        replaceFile(explain, [Buffer.from(formatExplanations(called, scores, shares))]);
      }
      const alarmed = alarms.reduce((sum, alarm) => sum + alarm, 0);
      const { detector: name, engine: by } = model.card;
      if (json) printJson({ model: hash, detector: name, engine: by, rows: frame.rows, alarms: alarmed, out });
      else console.log(`${frame.rows} rows, ${alarmed} alarms, by ${name} ${hash} (${by}), in ${out}`);
    });
}

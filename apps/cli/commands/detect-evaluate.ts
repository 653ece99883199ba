import type { Command } from "commander";
import { cellsOf } from "../../../ml/data/frame.ts";
import { toLabels } from "../../../ml/data/labels.ts";
import { readTable } from "../../../ml/data/read-table.ts";
import { evaluate } from "../../../ml/evaluate/evaluate.ts";
import { TwinwardError } from "../../../protocol/errors.ts";
import { drawCurves, printEvaluation } from "../print-evaluation.ts";
import { printJson } from "../print.ts";
import { readScores } from "../scores-file.ts";

interface EvaluateOptions {
  readonly scores: string;
  readonly data: string;
  readonly label: string;
  readonly normal: string;
  readonly kinds?: string;
  readonly header: boolean;
  readonly plots?: string;
  readonly json?: boolean;
}

export function addEvaluateCommand(detect: Command): void {
  detect
    .command("evaluate")
    .description("hold scores and alarms against the labels, row by row")
    .requiredOption("--scores <file>", "what detect score wrote")
    .requiredOption("--data <file>", "CSV of the same rows, with their labels")
    .requiredOption(
      "--label <column>",
      "whether a row is attacked: 0, false, nothing and the word of --normal are clean",
    )
    .option("--normal <word>", "the label of clean rows, in any case", "normal")
    .option("--kinds <column>", "what kind of attack a row is of (default: the label)")
    .option("--no-header", "the file has no header: columns are c0, c1, …")
    .option("--plots <directory>", "write the ROC and precision-recall curves as SVG")
    .addHelpText(
      "after",
      `
Every row counts by itself: an attack is never taken for found because one row of it was (point adjustment makes even
random scores look good). Intervals hold 95 % of the resamples of blocks of rows.

  time-to-detection score   1 minus the mean share of an attack that had passed at its first alarm
  timely accuracy           the mean of that and of balanced accuracy

  $ npx twinward detect evaluate --scores scores.csv --data labelled.csv --label ATTACK --plots plots/
`,
    )
    .action(async ({ scores: file, data, label, normal, kinds, header, plots, json }: EvaluateOptions) => {
      const { scores, alarms } = await readScores(file);
      const table = await readTable(data, { hasHeader: header });
      if (table.rows !== scores.length)
        throw new TwinwardError("UNUSABLE_INPUT", {
          detail: `${file} has ${scores.length} rows and ${data} ${table.rows}: they are not of each other.`,
        });
      const labels = toLabels(cellsOf(table, label), normal);
      const evaluation = evaluate({ labels, scores, alarms, kinds: cellsOf(table, kinds ?? label) });
      if (plots !== undefined) drawCurves(plots, evaluation);
      // The curve has a point for each score: that is what --plots is for.
      if (json) printJson({ ...evaluation, curve: undefined });
      else printEvaluation("point-wise", evaluation);
    });
}

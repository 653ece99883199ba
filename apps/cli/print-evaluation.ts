import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LossCurves } from "../../ml/detectors/detector.ts";
import type { Evaluation } from "../../ml/evaluate/evaluate.ts";
import { drawLines } from "./draw-lines.ts";
import { printTable } from "./print.ts";

const MOST_KINDS = 20;

/** An evaluation for people. */
export function printEvaluation(title: string, evaluation: Evaluation): void {
  const { rows, attackedRows, figures, kinds, attacks } = evaluation;
  console.log(`\n${title}: ${rows} rows, ${attackedRows} attacked in ${attacks.length} stretches`);
  const told = (value: number): string => value.toFixed(4);
  printTable(
    ["", "value", "95 % interval"],
    figures.map(({ name, value, low, high }) => [name, told(value), `${told(low)} … ${told(high)}`]),
  );
  const noticed = attacks.flatMap(({ delay }) => (delay === null ? [] : [delay])).sort((a, b) => a - b);
  if (attacks.length > 0)
    console.log(
      `${noticed.length} of ${attacks.length} attacked stretches noticed while they lasted, after ${noticed[noticed.length >> 1] ?? "–"} rows in the middle, ${noticed.at(-1) ?? "–"} at most`,
    );
  if (kinds.length > 1)
    printTable(
      ["kind", "rows", "recall"],
      kinds.slice(0, MOST_KINDS).map((each) => [each.kind, String(each.rows), told(each.recall)]),
    );
  if (kinds.length > MOST_KINDS) console.log(`… and ${kinds.length - MOST_KINDS} kinds more (--json)`);
  console.log("");
}

/** Points that a chart can show; more are not seen. */
const MOST_POINTS = 500;

/** Writes roc.svg and precision-recall.svg. */
export function drawCurves(directory: string, { curve, figures }: Evaluation): void {
  mkdirSync(directory, { recursive: true });
  const step = Math.max(1, Math.ceil(curve.length / MOST_POINTS));
  const points = curve.filter((_, at) => at % step === 0 || at === curve.length - 1);
  const figure = (name: string): string => (figures.find((each) => each.name === name)?.value ?? NaN).toFixed(3);
  const roc = drawLines({
    title: `ROC: area ${figure("ROC AUC")}`,
    x: "false positive rate",
    y: "recall",
    lines: [
      { name: "detector", points: points.map((each) => [each.falsePositiveRate, each.recall]) },
      {
        name: "by chance",
        points: [
          [0, 0],
          [1, 1],
        ],
      },
    ],
  });
  const found = drawLines({
    title: `Precision and recall: average precision ${figure("average precision")}`,
    x: "recall",
    y: "precision",
    lines: [{ name: "detector", points: points.slice(1).map((each) => [each.recall, each.precision]) }],
  });
  writeFileSync(join(directory, "roc.svg"), roc);
  writeFileSync(join(directory, "precision-recall.svg"), found);
}

/** Writes loss-NETWORK.svg for each network that was trained. */
export function drawLosses(directory: string, losses: readonly LossCurves[]): void {
  mkdirSync(directory, { recursive: true });
  for (const { network, lines } of losses) {
    const chart = drawLines({ title: `Losses of ${network}`, x: "epoch", y: "loss", lines });
    writeFileSync(join(directory, `loss-${network.replaceAll(" ", "-")}.svg`), chart);
  }
}

import { toNumber } from "../../ml/data/cells.ts";
import { cellsOf } from "../../ml/data/frame.ts";
import { readTable } from "../../ml/data/read-table.ts";
import type { SignalShare } from "../../ml/detectors/detector.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** Scores as a CSV: row (from 1, in the order of the input), score, alarm. */
export function formatScores(scores: Float64Array, alarms: Uint8Array): string {
  const lines = ["row,score,alarm"];
  scores.forEach((score, row) => lines.push(`${row + 1},${Number(score.toPrecision(9))},${alarms[row]}`));
  return `${lines.join("\n")}\n`;
}

/** Alarms and the signals that carry them as NDJSON, rows counted as `formatScores` counts them. */
export function formatExplanations(
  rows: Int32Array,
  scores: Float64Array,
  shares: readonly (readonly SignalShare[])[],
): string {
  const lines = [...rows].map((row, n) => {
    const signals = shares[n]!.map((each) => ({ ...each, share: Number(each.share.toFixed(4)) }));
    return JSON.stringify({ row: row + 1, score: Number(scores[row]!.toPrecision(9)), alarm: 1, signals });
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** What `formatScores` wrote, or anybody else in its form. @throws UNUSABLE_INPUT, UNUSABLE_TABLE */
export async function readScores(file: string): Promise<{ scores: Float64Array; alarms: Uint8Array }> {
  const table = await readTable(file, { hasHeader: true });
  const refuse = (at: number, why: string): never => {
    throw new TwinwardError("UNUSABLE_INPUT", { file, row: at + 1, detail: `${file}: row ${at + 1}: ${why}` });
  };
  const [rows, scores, alarms] = ["row", "score", "alarm"].map((name) => cellsOf(table, name));
  // Others count from 0.
  const first = rows![0] === "0" ? 0 : 1;
  rows!.forEach((cell, at) => Number(cell) === at + first || refuse(at, `it is called ${cell}, not ${at + first}.`));
  return {
    scores: Float64Array.from(scores!, (cell, at) => {
      const score = toNumber(cell);
      return Number.isNaN(score) ? refuse(at, `'${cell}' is no score.`) : score;
    }),
    alarms: Uint8Array.from(alarms!, (cell, at) =>
      cell === "1" || cell === "0" ? Number(cell) : refuse(at, `'${cell}' is neither 0 nor 1.`),
    ),
  };
}

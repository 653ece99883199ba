import { toNumber } from "../../ml/data/cells.ts";
import { cellsOf } from "../../ml/data/frame.ts";
import { readTable } from "../../ml/data/read-table.ts";
import { TwinwardError } from "../../protocol/errors.ts";

/** Scores as a CSV: row (from 1, in the order of the input), score, alarm. */
export function formatScores(scores: Float64Array, alarms: Uint8Array): string {
  const lines = ["row,score,alarm"];
  scores.forEach((score, row) => lines.push(`${row + 1},${Number(score.toPrecision(9))},${alarms[row]}`));
  return `${lines.join("\n")}\n`;
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

/** Clean hours of the ward as a table of the rows that its detectors judge, a line a second, for `detect train`. */
import { closeSync, openSync, writeSync } from "node:fs";
import { columnsOf, toColumns } from "../ml/detectors/regime/rows.ts";
import { recordLearned } from "./fit-regime.ts";
import { SEGMENTS } from "./sample.ts";

/** Whose row it is: each person's rows are a stretch of their own. */
export const PERSON = "person";

/** Writes the rows of so many of the people that `seed` learns from. What is missing is empty. */
export function writeWardRows(file: string, seed: string, people: number): void {
  const out = openSync(file, "w");
  try {
    writeSync(out, `${[PERSON, ...columnsOf(SEGMENTS)].join(",")}\n`);
    for (let person = 0; person < people; person++) {
      const lines = recordLearned(seed, person).map((row) => {
        const cells = Array.from(toColumns(row), (value) => (Number.isNaN(value) ? "" : String(value)));
        return `${person},${cells.join(",")}\n`;
      });
      writeSync(out, lines.join(""));
    }
  } finally {
    closeSync(out);
  }
}

import { parsePresentation } from "../../protocol/reading.ts";
import { valuesOf } from "../../protocol/release.ts";
import type { HistoryReading, HistoryRelease } from "../sdk/answers.ts";
import { timeOf } from "./print.ts";

const STAGES = { accepted: "●", sealed: "◐", anchored: "✔" };

/** A reading as a row: its newest values, a cell per segment. */
export function cellsOfReading(segments: readonly string[], one: HistoryReading): string[] {
  const { disclosures } = parsePresentation(one.reading);
  const cells = segments.map((name) => {
    const found = disclosures.find(({ segment }) => segment === name);
    const value = found?.v.at(-1);
    return value === undefined || value === null ? "–" : `${value} ${found?.unit ?? ""}`;
  });
  return [String(one.sequence), timeOf(one.from), ...cells, STAGES[one.state], one.flags.join(" ")];
}

/** A release as a row: what is told of its interval, a cell per segment. */
export function cellsOfRelease(segments: readonly string[], one: HistoryRelease): string[] {
  const said = valuesOf(one.values);
  const cells = segments.map((name) => {
    const found = said.find(({ segment }) => segment === name);
    const all = Object.entries(found?.aggregates ?? {}).map(([word, value]) => `${word} ${shortNumber(value)}`);
    return found === undefined ? "–" : `${all.join(", ")} ${found.unit}`;
  });
  return [timeOf(one.from), String(one.record.leaves.count), ...cells, STAGES[one.state], one.flags.join(" ")];
}

const shortNumber = (value: number | null): string => (value === null ? "–" : String(Math.round(value * 1000) / 1000));

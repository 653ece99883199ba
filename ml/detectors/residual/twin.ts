import type { Frame } from "../../data/frame.ts";
import { designFrame, layOut, type Designed, type Layout } from "./design.ts";
import { scaleInputs, type SignalInput, type SignalShape } from "./inputs.ts";
import { fitRelations, residualOf, type Relation } from "./relations.ts";
import { breachOf, findRanges, findRules, outsideOf, type ControlRule, type RangeRule } from "./rules.ts";

/** A learned twin: what signals are, and what holds among them on clean rows. */
export interface Twin {
  readonly inputs: readonly SignalInput[];
  readonly relations: readonly Relation[];
  readonly rules: readonly ControlRule[];
  readonly ranges: readonly RangeRule[];
}

/**
 * Evidence that a row is not the twin's, one number for each relation, each switch and each signal; 1 is as far as clean rows
 * get. Those of relations have a sign, so that small ones can add up over rows.
 */
export type Evidence = Float64Array;

/** How many of them there are, of relations first. */
export const evidenceSize = ({ inputs, relations }: Twin): number => relations.length + 2 * inputs.length;

/** What is missing is filled in, which blurs relations; where enough rows have all, they learn from those alone. */
const LEAST_COMPLETE = 200;
const LEAST_COMPLETE_SHARE = 0.3;

function isComplete({ inputs: byRow, before }: Designed, inputs: readonly SignalInput[], row: number): boolean {
  const last = before[row]! < 0 ? undefined : byRow[before[row]!]!;
  return inputs.every(
    ({ kind, hasPast }, n) =>
      kind === "still" || !(Number.isNaN(byRow[row]![n]!) || (hasPast && last !== undefined && Number.isNaN(last[n]!))),
  );
}

/** Learns a twin from clean rows, in the order of their stretches. `residuals` are those of clean rows, honest ones. */
export async function fitTwin(
  frame: Frame,
  shapes: readonly SignalShape[],
  clean: Int32Array,
  progress: (done: number) => Promise<void>,
): Promise<{ twin: Twin; layout: Layout; designed: Designed; residuals: Float64Array[] }> {
  const inputs = scaleInputs(shapes, frame, clean);
  const layout = layOut(inputs);
  const designed = designFrame(frame, inputs, layout);
  const complete = clean.filter((row) => isComplete(designed, inputs, row));
  const enough = complete.length >= Math.max(LEAST_COMPLETE, LEAST_COMPLETE_SHARE * clean.length);
  const rows = enough ? complete : clean;
  const { relations, residuals } = await fitRelations(designed, layout, inputs, rows, progress);
  const rules = findRules(designed, layout, inputs, clean);
  const ranges = findRanges(designed, inputs, clean);
  return { twin: { inputs, relations, rules, ranges }, layout, designed, residuals };
}

/**
 * The evidence of one row. A relation whose target is missing, that looks back where nothing came before, or that leans on a value
 * that is missing says nothing.
 *
 * @param from where the row's columns begin in the design; @param row its inputs; @param last those of the row before
 */
export function weighRow(
  { inputs, relations, rules, ranges }: Twin,
  layout: Layout,
  design: Float64Array,
  from: number,
  row: Float64Array,
  last: Float64Array | undefined,
): Evidence {
  const evidence = new Float64Array(relations.length + 2 * inputs.length);
  const missing = missingColumns(layout, row, last);
  relations.forEach((relation, n) => {
    if (Number.isNaN(row[relation.target]!)) return;
    if (relation.kind === "step" && (last === undefined || Number.isNaN(last[relation.target]!))) return;
    evidence[n] = residualOf(relation, layout.now[relation.target]!, design, from, missing);
  });
  for (const rule of rules) {
    const at = relations.length + rule.switch;
    evidence[at] = Math.max(evidence[at]!, breachOf(rule, row, last));
  }
  for (const range of ranges) evidence[relations.length + inputs.length + range.signal] = outsideOf(range, row);
  return evidence;
}

/** Columns that are filled in for want of a value, if any. */
function missingColumns(
  { now, square, before }: Layout,
  row: Float64Array,
  last: Float64Array | undefined,
): ReadonlySet<number> | undefined {
  let missing: Set<number> | undefined;
  for (let n = 0; n < row.length; n++) {
    if (Number.isNaN(row[n]!)) (missing ??= new Set()).add(now[n]!).add(square[n]!);
    if (last !== undefined && Number.isNaN(last[n]!)) (missing ??= new Set()).add(before[n]!);
  }
  return missing;
}

/** The evidence of some rows of a designed frame. */
export function weighRows(
  twin: Twin,
  layout: Layout,
  { design, inputs, before }: Designed,
  rows: Int32Array,
): Evidence[] {
  return Array.from(rows, (row) =>
    weighRow(
      twin,
      layout,
      design,
      row * layout.width,
      inputs[row]!,
      before[row]! < 0 ? undefined : inputs[before[row]!],
    ),
  );
}

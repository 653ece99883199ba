import type { Frame } from "../../data/frame.ts";
import { judgeByRules } from "../judge-by-rules.ts";
import { openDetector, type ReadyDetector } from "../open-detector.ts";
import { toColumns, type Row } from "../regime/rows.ts";
import { rankShares } from "../shares.ts";
import type { Shares, WindowDetector } from "../window-detector.ts";
import type { Scale, TrainedModel } from "./parse-trained.ts";

/** Windows are cut as the PCA's are. */
const STRETCH_MS = 3_000;
const STRIDE_MS = 1_000;
/** How far such a detector looks back nobody knows from outside: it is given all that two rounds hold. */
export const ROWS_BEFORE = 18;

/**
 * A detector that `detect train` has taught on rows of clean windows. Each run of rows is a stretch of its own to it. Networks'
 * numbers differ between engines and machines by less than a part in ten thousand; what is signed are classes, as of the regime.
 */
export async function openTrained(trained: TrainedModel, engine?: string): Promise<WindowDetector> {
  return judgeTrained(trained, await openDetector(trained.model, engine));
}

/** The same with what judges the rows. */
export function judgeTrained(trained: TrainedModel, detector: RowDetector): WindowDetector {
  const { seen, rules, pca } = trained;
  return judgeByRules({
    ...{ seen, rules, pca },
    stretchMs: pca?.stretchMs ?? STRETCH_MS,
    strideMs: pca?.strideMs ?? STRIDE_MS,
    rowsBefore: ROWS_BEFORE,
    score: async (run) => ({ rows: await scoreTrained(trained, detector, run) }),
    explain: (run, row) => explainTrained(trained, detector, run, row),
  });
}

/** What judges rows. */
export type RowDetector = Pick<ReadyDetector, "judge" | "explain">;

/** Which of a device's signals carry a row's score, whatever of them its columns show. */
export async function explainTrained(
  { seen, columns }: Pick<TrainedModel, "seen" | "columns">,
  detector: RowDetector,
  run: readonly Row[],
  row: number,
): Promise<Shares> {
  const [shares = []] = await detector.explain(toFrame(columns, run), Int32Array.of(row));
  const carried = new Float64Array(seen.signals.length);
  for (const { signal: name, share } of shares)
    carried[columns.find((column) => column.name === name)!.signal]! += share;
  return rankShares(carried, seen.signals);
}

/** A run's scores as rules see them. */
export async function scoreTrained(
  trained: Pick<TrainedModel, "columns" | "scale">,
  detector: Pick<RowDetector, "judge">,
  run: readonly Row[],
): Promise<Float64Array> {
  if (run.length === 0) return new Float64Array();
  const { scores } = await detector.judge(toFrame(trained.columns, run));
  return scores.map((score) => toScale(trained.scale, score));
}

/** What is no number could hide anything: it counts as the worst. */
function toScale(scale: Scale, score: number): number {
  if (Number.isNaN(score)) return Infinity;
  if (scale.kind === "alarm") return score >= scale.alarm ? 1 : 0;
  return Math.max(score - scale.usual, 0);
}

/** A run as a table of the columns that the model sees, one stretch. */
export function toFrame(columns: TrainedModel["columns"], run: readonly Row[]): Frame {
  const rows = run.map(toColumns);
  return {
    signals: columns.map(({ name }) => name),
    values: columns.map(({ at }) => Float64Array.from(rows, (row) => row[at]!)),
    rows: rows.length,
    stretches: [Int32Array.from(rows.keys())],
  };
}

import type { Frame } from "../../data/frame.ts";
import { requireNumbers } from "../../data/require-numbers.ts";
import type { Judge } from "../detector.ts";
import { rankShares } from "../shares.ts";
import { layOut, toInputRow, writeDesignRow } from "./design.ts";
import { blameSignals } from "./blame.ts";
import { fuse, toStrength } from "./fuse.ts";
import { createHold, createMemory } from "./sequential.ts";
import type { ResidualSettings } from "./settings.ts";
import { weighRow, type Evidence } from "./twin.ts";

/** One row of a stretch as it was judged. */
export interface Judged {
  readonly score: number;
  readonly evidence: Evidence;
  readonly strengths: Float64Array;
  readonly row: Float64Array;
  readonly last: Float64Array | undefined;
  /** How many rows ago was what the score is held from; 0 where it is the row's own. */
  readonly heldFor: number;
}

/** Judges one stretch row by row; files and streams come through here alike. */
export function judgeStretch(settings: ResidualSettings): (values: ArrayLike<number>) => Judged {
  const { inputs, relations, memory, fusion, hold } = settings;
  const layout = layOut(inputs);
  const design = new Float64Array(layout.width);
  const memories = relations.map(() => createMemory(memory));
  const keep = createHold(hold);
  let last: Float64Array | undefined;
  let heldFor = 0;
  return (values) => {
    const row = toInputRow(values, inputs);
    const before = last;
    writeDesignRow(design, 0, layout, inputs, row, before);
    const evidence = weighRow(settings, layout, design, 0, row, before);
    const strengths = evidence.map((value, n) =>
      toStrength(value, n < relations.length ? Math.abs(memories[n]!(value)) / memory.limits[n]! : 0),
    );
    const own = fuse(fusion, strengths, evidence);
    const score = keep(own);
    heldFor = score > own ? heldFor + 1 : 0;
    last = row;
    return { score, evidence, strengths, row, last: before, heldFor };
  };
}

/** A twin that was learned, ready to judge. */
export function judgeResidual(settings: ResidualSettings, signals: readonly string[]): Judge {
  return {
    async score(frame) {
      requireNumbers(frame);
      const scores = new Float64Array(frame.rows);
      followFrame(settings, frame, (row, { score }) => (scores[row] = score));
      return scores;
    },
    async explain(frame, rows) {
      requireNumbers(frame);
      const wanted = new Set(rows);
      const explained = new Map<number, Float64Array>();

      followFrame(settings, frame, (row, judged, recent) => {
        if (wanted.has(row)) explained.set(row, blameSignals(settings, recent(judged.heldFor)));
      });
      return Array.from(rows, (row) => rankShares(explained.get(row)!, signals));
    },
    stream() {
      const judge = judgeStretch(settings);
      return {
        async push(row) {
          requireNumbers({ signals, values: Array.from(row, (value) => Float64Array.of(value)) });
          return judge(row).score;
        },
      };
    },
  };
}

/** No score is held for longer. */
const MOST_HELD = 200;

/** Judges each stretch in order; `recent(n)` is what was judged n rows ago. */
function followFrame(
  settings: ResidualSettings,
  { values, stretches }: Frame,
  visit: (row: number, judged: Judged, recent: (ago: number) => Judged) => void,
): void {
  const own = new Float64Array(values.length);
  for (const stretch of stretches) {
    const judge = judgeStretch(settings);
    const kept: Judged[] = [];
    for (const row of stretch) {
      values.forEach((column, n) => (own[n] = column[row]!));
      const judged = judge(own);
      kept.push(judged);
      if (kept.length > MOST_HELD) kept.shift();
      visit(row, judged, (ago) => kept.at(-1 - Math.min(ago, kept.length - 1))!);
    }
  }
}

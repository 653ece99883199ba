import { averageScores, createAverage, placesOf } from "../../data/context.ts";
import type { Frame } from "../../data/frame.ts";
import { requireNumbers } from "../../data/require-numbers.ts";
import type { Engine } from "../../engines/engine.ts";
import { combine } from "../baseline/combine.ts";
import type { Judge, RowStream } from "../detector.ts";
import { rankShares } from "../shares.ts";
import { explainWindows } from "./explain.ts";
import { prepareRow, prepareStretch, widthOf } from "./prepare.ts";
import { openRunner, type Runner } from "./run-networks.ts";
import { scoreWindows } from "./scores.ts";
import type { Hybrid } from "./settings.ts";

/** Windows at once: a batch takes some milliseconds, and between two others have their turn. */
export const BATCH = 256;
/** Rows whose features are made at once: a frame of any length takes the memory of these. */
const CHUNK = 4_096;

/**
 * A hybrid that was learned, ready to judge. A stream keeps the features of one window and gives what `score` gives within
 * 1e-4: an engine adds up in another order for one window than for many.
 */
export async function judgeHybrid(hybrid: Hybrid, signals: readonly string[], engine: Engine): Promise<Judge> {
  const { preparations, steps, usual, combination, average, networks } = hybrid;
  const size = { width: widthOf(preparations), steps };
  const many = await openRunner(engine, networks, { ...size, batch: BATCH });
  let single: Promise<Runner> | undefined;
  const openSingle = (): Promise<Runner> => (single ??= openRunner(engine, networks, { ...size, batch: 1 }));

  const scoreParts = async (frame: Frame): Promise<readonly Float64Array[]> => {
    const parts = combination.parts.map(() => new Float64Array(frame.rows));
    for (const stretch of frame.stretches)
      for (let from = 0; from < stretch.length; from += CHUNK) {
        const to = Math.min(stretch.length, from + CHUNK);
        const prepared = prepareStretch(preparations, frame.values, stretch, { from, to, steps });
        const own = await scoreWindows(many, prepared, usual, size);
        parts.forEach((part, n) => own[n]!.forEach((score, at) => (part[stretch[from + at]!] = score)));
      }
    return parts;
  };
  return {
    async score(frame) {
      requireNumbers(frame);
      return averageScores(combine(combination, await scoreParts(frame)), frame.stretches, average);
    },
    async explain(frame, rows) {
      requireNumbers(frame);
      const placeOf = placesOf(frame);
      const explained = [];
      for (const row of rows) {
        const { stretch, at } = placeOf(row);
        const span = { from: Math.max(0, at - average + 1), to: at + 1 };
        const carried = await explainWindows(many, hybrid, frame.values, stretch, span);
        explained.push(rankShares(carried, signals));
      }
      return explained;
    },
    stream: () => streamHybrid(hybrid, signals, openSingle),
  };
}

function streamHybrid(
  { preparations, steps, usual, combination, average }: Hybrid,
  signals: readonly string[],
  open: () => Promise<Runner>,
): RowStream {
  const width = widthOf(preparations);
  const values = new Float32Array(steps * width);
  const starts = Uint32Array.of(0);
  const mean = createAverage(average);
  let isFirst = true;
  return {
    async push(row) {
      requireNumbers({ signals, values: Array.from(row, (value) => Float64Array.of(value)) });
      values.copyWithin(0, width);
      prepareRow(preparations, (signal) => row[signal]!, values, (steps - 1) * width);
      // Before the beginning, the first row stands again.
      if (isFirst) for (let n = 0; n < steps - 1; n++) values.copyWithin(n * width, (steps - 1) * width);
      isFirst = false;
      const parts = await scoreWindows(await open(), { values, starts }, usual, { width, steps });
      return mean(combine(combination, parts)[0]!);
    },
  };
}

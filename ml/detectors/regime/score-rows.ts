import type { Engine, Program } from "../../engines/engine.ts";
import { buildInference } from "../../layers/build-model.ts";
import { scoreRow, widthOf, writeRegime, type Regime } from "./regime.ts";
import type { Row } from "./rows.ts";

/** Scores runs of rows, each by what came until then in its run; before its beginning the first row stands again. */
export interface RowScorer {
  /** One call after another, whoever calls. */
  score(run: readonly Row[]): Promise<Float64Array>;
  close(): Promise<void>;
}

/** Makes a regime's network ready for `batch` rows at once. */
export async function openRows(regime: Regime, engine: Engine, batch: number): Promise<RowScorer> {
  const { steps, network } = regime;
  const width = widthOf(regime.seen);
  const program: Program = await engine.compile(buildInference(network.architecture, batch), network.parameters, {
    frozen: true,
  });
  const past = new Float32Array(batch * steps * width);
  let last: Promise<unknown> = Promise.resolve();

  const scoreAll = async (run: readonly Row[]): Promise<Float64Array> => {
    const scores = new Float64Array(run.length);
    if (run.length === 0) return scores;
    const seen = new Float32Array((run.length + steps - 1) * width);
    run.forEach((row, n) => writeRegime(regime, row, seen, (n + steps - 1) * width));
    for (let n = 0; n < steps - 1; n++) seen.copyWithin(n * width, (steps - 1) * width, steps * width);
    for (let from = 0; from < run.length; from += batch) {
      const count = Math.min(batch, run.length - from);
      for (let n = 0, at = 0; n < count; n++)
        for (let own = (from + n) * width; own < (from + n + steps) * width;) past[at++] = seen[own++]!;
      const usual = (await program.run({ past })).usual!;
      const each = regime.relations.length;
      for (let n = 0; n < count; n++)
        scores[from + n] = scoreRow(regime, run[from + n]!, usual.subarray(n * each, (n + 1) * each));
    }
    return scores;
  };
  return {
    score(run) {
      const turn = last.then(() => scoreAll(run));
      last = turn.catch(() => undefined);
      return turn;
    },
    close: () => program.close(),
  };
}

/**
 * Limits and thresholds from clean data that the fit never saw. Per view, the limits of T² and SPE are quantiles over
 * stretches, moved so that the worst sustained clean stretches score 1; the suspect threshold is a quantile over whole
 * windows; the quarantine threshold lies a margin beyond 1.
 */
import { cutStretches, type Window } from "../window.ts";
import type { Calibration, PcaModel } from "./pca-model.ts";
import { orderSignals, scoreView } from "./score-pca.ts";

/** What is asked of a calibration. */
export interface CalibrationChoice extends Pick<Calibration, "limitRate" | "suspectRate" | "margin"> {
  sustain: { suspect: number; quarantine: number };
}

/** The largest value that `count` scores in a row, the last of them at `from` or later, all reach; 0 when there are fewer. */
export function sustainedScore(scores: readonly number[], count: number, from = 0): number {
  let best = 0;
  for (let i = Math.max(from - count + 1, 0); i + count <= scores.length; i++) {
    let least = Infinity;
    for (let j = i; j < i + count; j++) least = Math.min(least, scores[j]!);
    best = Math.max(best, least);
  }
  return best;
}

const round = (value: number) => Number(value.toPrecision(9));

/** The value that a share `rate` of the values exceeds (the higher neighbour: rather too high than too low). */
function upperQuantile(values: Float64Array, rate: number): number {
  const sorted = values.toSorted();
  return sorted[Math.min(Math.ceil((1 - rate) * sorted.length), sorted.length - 1)]!;
}

/** The model with limits and thresholds set from these clean windows. */
export function calibrateThresholds(model: PcaModel, windows: Window[], choice: CalibrationChoice): PcaModel {
  const { sustain, limitRate, suspectRate, margin } = choice;
  const stretches = windows.map((w) => cutStretches(orderSignals(model, w), model.stretchMs, model.strideMs));
  const count = stretches.reduce((sum, own) => sum + own.length, 0);
  if (count === 0) throw new RangeError("nothing to calibrate on: no stretches");
  const loudest = stretches.map((own) => own.map(() => 0));
  const views = model.views.map((view) => {
    const scored = stretches.map((own) =>
      own.map((stretch) => {
        const { t2, spe } = scoreView(model, view, stretch) ?? { t2: 0, spe: 0 };
        return { t2, spe };
      }),
    );
    const all = scored.flat();
    const t2 = Math.max(
      upperQuantile(
        Float64Array.from(all, (s) => s.t2),
        limitRate,
      ),
      1,
    );
    const spe = Math.max(
      upperQuantile(
        Float64Array.from(all, (s) => s.spe),
        limitRate,
      ),
      1,
    );
    // Below 1 lies nothing but rounding. The quantiles fix the balance of T² and SPE; the worst sustained clean score then fixes where this view's 1 lies.
    const relative = scored.map((own) => own.map((s) => Math.max(s.t2 / t2, s.spe / spe)));
    const worst = relative.reduce((most, own) => Math.max(most, sustainedScore(own, sustain.quarantine)), 0) || 1;
    for (const [w, own] of relative.entries())
      for (const [k, score] of own.entries()) loudest[w]![k] = Math.max(loudest[w]![k]!, score / worst);
    return { ...view, limits: { t2: round(t2 * worst), spe: round(spe * worst) } };
  });
  const seen = Float64Array.from(loudest, (own) => sustainedScore(own, sustain.suspect));
  const quarantine = Math.ceil(1000 * margin);
  const suspect = Math.ceil(1000 * upperQuantile(seen, suspectRate));
  return {
    ...model,
    views,
    thresholds: { sustain, suspect, quarantine },
    calibration: { windows: windows.length, stretches: count, limitRate, suspectRate, margin },
  };
}

/** Fits the PCA residual detector; score-pca.ts says what it then computes. */
import { extractFeatures, FEATURE_GROUPS, type FeatureGroup, type SignalPair } from "../features.ts";
import { eigenSymmetric } from "../linear.ts";
import { cutStretches, type Stretch, type Window } from "../window.ts";
import { calibrateThresholds, type CalibrationChoice } from "./calibrate.ts";
import type { PcaModel, PcaView } from "./pca-model.ts";
import { orderSignals } from "./score-pca.ts";

/** What a fit needs to know; everything else comes from the windows. */
export interface PcaOptions extends Partial<CalibrationChoice> {
  /** Pairs of signals that share a unit. */
  pairs: SignalPair[];
  /** Clean windows, later in time and of other sources than those fitted on: thresholds come from these alone. */
  calibration: Window[];
  stretchMs?: number;
  strideMs?: number;
  /** Share of variance that the components explain. */
  explained?: number;
}

/** The worst clean value of a feature lies at most this many scales from the centre (heavy tails get a wide scale). */
const WORST_CLEAN = 4;

/** Differences make some directions empty by construction: without a floor, rounding errors in them would be scored. */
const LEAST_NOISE = 1e-3;

const round = (value: number) => Number(value.toPrecision(9));

/** Learns the subspaces from clean windows and the thresholds from clean calibration windows. Deterministic. */
export function fitPca(windows: Window[], options: PcaOptions): PcaModel {
  const { pairs, calibration, stretchMs = 3000, strideMs = 1000, explained = 0.95 } = options;
  const signals = windows[0]?.signals;
  if (!signals) throw new RangeError("nothing to fit on: no windows");
  for (const name of pairs.flat()) if (!signals.includes(name)) throw new RangeError(`no signal is called ${name}`);
  const stretches = windows.flatMap((window) => cutStretches(orderSignals({ signals }, window), stretchMs, strideMs));
  const sustain = options.sustain ?? { suspect: 1, quarantine: 2 };
  const { limitRate = 1e-4, suspectRate = 1e-3, margin = 1.4 } = options;
  const model: PcaModel = {
    format: "pca@1",
    signals: [...signals],
    pairs,
    stretchMs,
    strideMs,
    views: FEATURE_GROUPS.map((group) => fitView(group, stretches, signals, pairs, explained)),
    thresholds: { sustain, suspect: 1, quarantine: 1 },
    calibration: { windows: 0, stretches: 0, limitRate, suspectRate, margin },
  };
  return calibrateThresholds(model, calibration, { sustain, limitRate, suspectRate, margin });
}

function fitView(
  group: FeatureGroup,
  stretches: Stretch[],
  signals: string[],
  pairs: SignalPair[],
  explained: number,
): PcaView {
  const rows = stretches.map((stretch) => extractFeatures(group, stretch, signals, pairs));
  const size = rows[0]?.length ?? 0;
  const { mean, scale } = scaleOf(rows, size);
  // The subspace comes from whole stretches only: filling holes would teach it our guesses.
  const whole = rows.filter((row) => !row.includes(NaN));
  if (whole.length <= size) throw new RangeError(`${whole.length} whole stretches cannot span ${size} features`);
  const { values, vectors } = eigenSymmetric(covarianceOf(whole, mean, scale), size);
  const total = values.reduce((sum, value) => sum + Math.max(value, 0), 0);
  let kept = 0;
  for (let sum = 0; kept < size - 1 && sum < explained * total; kept++) sum += values[kept]!;
  const left = values.slice(kept).reduce((sum, value) => sum + Math.max(value, 0), 0);
  return {
    group,
    mean,
    scale,
    components: vectors.slice(0, kept).map((vector) => Array.from(vector, round)),
    variances: values.slice(0, kept).map(round),
    noise: round(Math.max(left / (size - kept), LEAST_NOISE)),
    limits: { t2: 1, spe: 1 },
  };
}

/** Centre and scale per feature over the stretches where it is known; a constant feature keeps scale 1. */
function scaleOf(rows: Float64Array[], size: number): { mean: number[]; scale: number[] } {
  const mean: number[] = [];
  const scale: number[] = [];
  for (let i = 0; i < size; i++) {
    const known = rows.map((row) => row[i]!).filter((value) => !Number.isNaN(value));
    const count = Math.max(known.length, 1);
    const centre = known.reduce((sum, value) => sum + value, 0) / count;
    const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - centre) * (value - centre), 0) / count);
    const worst = known.reduce((most, value) => Math.max(most, Math.abs(value - centre)), 0);
    mean.push(round(centre));
    scale.push(deviation > 1e-6 ? round(Math.max(deviation, worst / WORST_CLEAN)) : 1);
  }
  return { mean, scale };
}

/** Row-major second moments of scaled rows around the centre. */
function covarianceOf(rows: Float64Array[], mean: number[], scale: number[]): Float64Array {
  const size = mean.length;
  const covariance = new Float64Array(size * size);
  const scaled = new Float64Array(size);
  for (const row of rows) {
    for (let i = 0; i < size; i++) scaled[i] = (row[i]! - mean[i]!) / scale[i]!;
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) covariance[i * size + j] = covariance[i * size + j]! + scaled[i]! * scaled[j]!;
  }
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++)
      covariance[i * size + j] = covariance[j * size + i] = covariance[i * size + j]! / rows.length;
  return covariance;
}

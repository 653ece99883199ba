/**
 * How far a window lies from what clean data does together: T² inside the subspace, SPE outside it (Jackson, Mudholkar,
 * Technometrics 21, 1979). Missing features are marginalised as probabilistic PCA does (Tipping, Bishop, J R Stat Soc B
 * 61, 1999): an absent probe neither adds nor hides evidence. + − × ÷ √ only.
 */
import { extractFeatures, featureSignals, isTelling, type FeatureGroup } from "../features.ts";
import { solvePositive } from "../linear.ts";
import { countStretches, cutStretches, type Stretch, type Window } from "../window.ts";
import type { PcaModel, PcaView } from "./pca-model.ts";

export interface PcaScore {
  t2: number;
  spe: number;
  /** The larger of T² and SPE over their limits, over both groups of features; 1 is the worst sustained in clean calibration. */
  score: number;
  /** At or beyond the suspect threshold. */
  alarm: boolean;
  /** Share of what lies outside the subspace that each signal carries, largest first; sums to 1 (empty: nothing scored). */
  contributions: { signal: string; share: number }[];
}

/** One view's score of one stretch; `rest` is what the subspace leaves of each feature (NaN: unknown). */
export interface ViewScore {
  view: PcaView;
  t2: number;
  spe: number;
  score: number;
  rest: Float64Array;
}

/** Scores a stretch in one view; undefined where none of its features is known. */
export function scoreView(model: PcaModel, view: PcaView, stretch: Stretch): ViewScore | undefined {
  return scoreFeatures(view, extractFeatures(view.group, stretch, model.signals, model.pairs));
}

/** The same from the features of the view's group. */
export function scoreFeatures(view: PcaView, features: Float64Array): ViewScore | undefined {
  const rest = features.slice();
  const size = rest.length;
  const known: number[] = [];
  for (let i = 0; i < size; i++) {
    if (Number.isNaN(rest[i]!)) continue;
    rest[i] = (rest[i]! - view.mean[i]!) / view.scale[i]!;
    known.push(i);
  }
  if (known.length === 0) return undefined;
  const latent = explain(view, rest, known);
  let t2 = 0;
  for (let c = 0; c < latent.length; c++) t2 += (latent[c]! * latent[c]!) / view.variances[c]!;
  let spe = 0;
  for (const i of known) {
    let left = rest[i]!;
    for (let c = 0; c < latent.length; c++) left -= view.components[c]![i]! * latent[c]!;
    spe += left * left;
    rest[i] = left;
  }
  spe /= view.noise;
  return { view, t2, spe, score: Math.max(t2 / view.limits.t2, spe / view.limits.spe), rest };
}

/** Most likely position in the subspace, given the known features. */
function explain(view: PcaView, scaled: Float64Array, known: number[]): Float64Array {
  const kept = view.components.length;
  const latent = new Float64Array(kept);
  for (let c = 0; c < kept; c++) {
    const component = view.components[c]!;
    let sum = 0;
    for (const i of known) sum += component[i]! * scaled[i]!;
    latent[c] = sum;
  }
  if (known.length === scaled.length) {
    // Whole: the components are orthonormal, so the system below is diagonal.
    for (let c = 0; c < kept; c++) latent[c] = (latent[c]! * view.variances[c]!) / (view.variances[c]! + view.noise);
    return latent;
  }
  const gram = new Float64Array(kept * kept);
  for (let c = 0; c < kept; c++)
    for (let e = 0; e <= c; e++) {
      let sum = c === e ? view.noise / view.variances[c]! : 0;
      for (const i of known) sum += view.components[c]![i]! * view.components[e]![i]!;
      gram[c * kept + e] = gram[e * kept + c] = sum;
    }
  return solvePositive(gram, latent, kept);
}

/** The view that speaks loudest about a stretch. */
export function scoreStretch(model: PcaModel, stretch: Stretch): ViewScore | undefined {
  let worst: ViewScore | undefined;
  for (const view of model.views) {
    const scored = scoreView(model, view, stretch);
    if (scored && (!worst || scored.score > worst.score)) worst = scored;
  }
  return worst;
}

export interface ScoredStretches {
  /** In time order; 0 where nothing is known. A stretch without a sample has none. */
  scores: number[];
  /** The first of them that ends in the judged time; as many as there are where none does. */
  first: number;
  /** True where every stretch of the judged time, and as many in a row as a quarantine takes, was told enough of (`isTelling`). */
  isWhole: boolean;
}

/** Scores every stretch of a window; those that end after `from` are to be judged. */
export function scoreStretches(model: PcaModel, window: Window, from = -Infinity): ScoredStretches {
  const { stretchMs, strideMs } = model;
  const ordered = orderSignals(model, window);
  const stretches = cutStretches(ordered, stretchMs, strideMs);
  const scores = stretches.map((stretch) => scoreStretch(model, stretch)?.score ?? 0);
  return { scores, ...tellWhole(model, ordered, stretches, from) };
}

/** Where the judged stretches begin, and whether enough was told of them, and of those before them that decide with them. */
export function tellWhole(
  model: Pick<PcaModel, "stretchMs" | "strideMs" | "thresholds">,
  window: Window,
  stretches: readonly Stretch[],
  from: number,
): Pick<ScoredStretches, "first" | "isWhole"> {
  const found = stretches.findIndex(({ end }) => end > from);
  const first = found < 0 ? stretches.length : found;
  const { quarantine } = model.thresholds.sustain;
  const deciding = stretches.slice(Math.max(first - quarantine + 1, 0));
  const isWhole =
    stretches.length - first === countStretches(window, model.stretchMs, model.strideMs, from) &&
    first < stretches.length &&
    deciding.length >= quarantine &&
    deciding.every(isTelling);
  return { first, isWhole };
}

/** The same by rows: the features of stretches, group by group. */
export const scoreRows = (
  { views }: Pick<PcaModel, "views">,
  rows: readonly Readonly<Record<FeatureGroup, Float64Array>>[],
): Float64Array =>
  Float64Array.from(rows, (row) =>
    views.reduce((worst, view) => Math.max(worst, scoreFeatures(view, row[view.group])?.score ?? 0), 0),
  );

/** Scores a window by its worst stretch that ends after `from`, at `to` the latest, and says which signals carry it. */
export function scorePca(model: PcaModel, window: Window, from = -Infinity, to = Infinity): PcaScore {
  let worst: ViewScore | undefined;
  for (const stretch of cutStretches(orderSignals(model, window), model.stretchMs, model.strideMs)) {
    if (stretch.end <= from || stretch.end > to) continue;
    const scored = scoreStretch(model, stretch);
    if (scored && (!worst || scored.score > worst.score)) worst = scored;
  }
  if (!worst) return { t2: 0, spe: 0, score: 0, alarm: false, contributions: [] };
  const shares = model.signals.map(() => 0);
  for (const [i, own] of featureSignals(worst.view.group, model.signals, model.pairs).entries()) {
    const rest = worst.rest[i]!;
    if (Number.isNaN(rest)) continue;
    for (const signal of own) shares[signal] = shares[signal]! + (rest * rest) / own.length;
  }
  const sum = shares.reduce((total, share) => total + share, 0) || 1;
  const contributions = model.signals
    .map((signal, i) => ({ signal, share: shares[i]! / sum }))
    .sort((a, b) => b.share - a.share);
  return {
    t2: worst.t2,
    spe: worst.spe,
    score: worst.score,
    alarm: 1000 * worst.score >= model.thresholds.suspect,
    contributions,
  };
}

/** The window's signals in the model's order; what the window lacks is missing, what the model does not know is left out. */
export function orderSignals(model: Pick<PcaModel, "signals">, window: Window): Window {
  const { signals } = model;
  if (signals.length === window.signals.length && signals.every((s, i) => s === window.signals[i])) return window;
  const places = signals.map((signal) => window.signals.indexOf(signal));
  return {
    signals,
    times: places.map((i) => window.times[i] ?? []),
    values: places.map((i) => window.values[i] ?? []),
  };
}

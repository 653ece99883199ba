import { CHECKS, excesses, followPast, scoreExcess, type Checks, type Traces } from "./checks.ts";
import { residuals, type Relations } from "./relations.ts";

export interface Scale {
  readonly offset: number;
  readonly scale: number;
}

/** What all layers but the network know; the network is asked for its forecast by whoever looks. */
export interface Layers {
  readonly scaler: readonly Scale[];
  readonly checks: Checks;
  readonly relations: Relations;
  /** How far forecasts are off on clean rows, by signal, scaled. */
  readonly misses: readonly number[];
  /** Rows that the network looks back over; 0 where rows have no order: then it sees the row alone. */
  readonly window: number;
}

/** A row as it comes, and what of the past it is held against. */
export interface Glance {
  readonly row: Float64Array;
  readonly scaled: Float32Array;
  readonly before: Float32Array;
  readonly traces: Traces | undefined;
  /** What the network sees, oldest row first. */
  readonly seen: Float32Array;
}

/** What the layers say of a row: a score for each part, and what each signal adds to it. */
export interface Sight {
  readonly scores: readonly number[];
  readonly carried: readonly Float64Array[];
}

export type LayerName = "checks" | "relations" | "network";

/** The parts, in the order of `Sight.scores`, and the layer that each is of. */
export function partsOf({ checks }: Pick<Layers, "checks">): { part: string; layer: LayerName }[] {
  const kinds = checks.past === null ? CHECKS.slice(0, 1) : CHECKS;
  return [
    ...kinds.map((part) => ({ part, layer: "checks" as const })),
    { part: "relations", layer: "relations" },
    { part: "worst relation", layer: "relations" },
    { part: "network", layer: "network" },
    { part: "worst of the network", layer: "network" },
  ];
}

const MOST_DEVIATION = 10;
const MOST_RESIDUAL = 12;

/** What is missing is taken to be usual. */
export const toScaled = (row: Float64Array, scaler: readonly Scale[]): Float32Array =>
  Float32Array.from(row, (value, n) => {
    if (Number.isNaN(value)) return 0;
    const { offset, scale } = scaler[n]!;
    return Math.max(-MOST_DEVIATION, Math.min(MOST_DEVIATION, (value - offset) / scale));
  });

/** Follows one stretch, row by row; memory is bounded by the window and the lags of the checks. */
export function followRows({ scaler, checks, window }: Pick<Layers, "scaler" | "checks" | "window">) {
  const signals = scaler.length;
  const trace = checks.past === null ? undefined : followPast(signals);
  let recent = new Float32Array(Math.max(1, window) * signals);
  // Before a stretch all was as usual.
  let before: Float32Array = new Float32Array(signals);
  return (row: Float64Array): Glance => {
    const scaled = toScaled(row, scaler);
    const seen = window === 0 ? scaled : recent.slice();
    const glance = { row, scaled, before, traces: trace?.(row), seen };
    const next = new Float32Array(recent.length);
    next.set(recent.subarray(signals));
    next.set(scaled, recent.length - signals);
    recent = next;
    before = scaled;
    return glance;
  };
}

/** What relations see: the row and, where rows have an order, the one before. */
export const relationInput = ({ scaled, before }: Pick<Glance, "scaled" | "before">, window: number): Float64Array =>
  window === 0 ? Float64Array.from(scaled) : Float64Array.of(...scaled, ...before);

/** Holds a row against all layers; `forecast` is what the network expected of it, scaled. */
export function look(layers: Layers, glance: Glance, forecast: ArrayLike<number>): Sight {
  const { checks, relations, misses, window } = layers;
  const beyond = excesses(checks, glance.row, glance.traces);
  const unrelated = known(glance.row, residuals(relations, relationInput(glance, window)));
  const missed = known(
    glance.row,
    Float64Array.from(glance.scaled, (value, n) => (value - forecast[n]!) / misses[n]!),
  );
  return {
    scores: [...beyond.map(scoreExcess), ...scoreResiduals(unrelated), ...scoreResiduals(missed)],
    carried: [...beyond, unrelated, sharpened(unrelated), missed, sharpened(missed)],
  };
}

/** Squares; of what is missing nothing is said. */
const known = (row: Float64Array, own: Float64Array): Float64Array =>
  own.map((value, n) => (Number.isNaN(row[n]!) ? 0 : Math.min(MOST_RESIDUAL, Math.abs(value)) ** 2));

/** How far off all are together, and the worst alone. */
function scoreResiduals(squares: Float64Array): [number, number] {
  let [sum, worst] = [0, 0];
  for (const square of squares) {
    sum += square;
    if (square > worst) worst = square;
  }
  return [Math.log(sum / squares.length + 0.01), Math.log(worst + 0.1)];
}

/** The worst is carried by whoever is near it. */
const sharpened = (squares: Float64Array): Float64Array => squares.map((square) => square * square);

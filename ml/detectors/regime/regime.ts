/**
 * Relations that hold between signals, and how far off they ordinarily are in the present regime: heart and pulse agree to a
 * beat while somebody lies still, and differ by twenty while a finger moves. A relation is a direction in which the levels of
 * clean rows hardly vary; how far off it usually is, a network says that sees the motion of the last rows, and no level, so that
 * a false level cannot excuse itself.
 */
import type { Network } from "../../model/pack-model.ts";
import type { Row, Seen } from "./rows.ts";

export interface Scale {
  readonly offset: number;
  readonly scale: number;
}

/** Everything that was learned. */
export interface Regime {
  readonly seen: Seen;
  /** By signal, and by motion feature: centre and spread on clean rows. */
  readonly levels: readonly Scale[];
  readonly motions: readonly Scale[];
  /** By relation: a weight for each signal's scaled level, and what is no distance at all. */
  readonly relations: readonly { readonly weights: readonly number[]; readonly least: number }[];
  /** Rows that the network sees, the last of them being the one that is judged. */
  readonly steps: number;
  readonly network: Network;
}

/** Further out than this is no further: one wild value shall not drown all else. */
const MOST_MOTION = 6;
const MOST_OFF = 1e6;
/** A signal with less weight than this may be missing. */
const LEAST_WEIGHT = 0.05;

/** Numbers that the network sees of a row: its motion, and which signals are missing. */
export const widthOf = ({ signals }: Seen): number => 3 * signals.length;

/** Writes what the network sees of a row. */
export function writeRegime(
  { seen, motions }: Pick<Regime, "seen" | "motions">,
  { level, motion }: Row,
  target: Float32Array,
  at: number,
): void {
  for (let n = 0; n < motions.length; n++) {
    const { offset, scale } = motions[n]!;
    const value = (motion[n]! - offset) / scale;
    target[at + n] = Number.isNaN(value) ? 0 : Math.min(Math.max(value, -MOST_MOTION), MOST_MOTION);
  }
  for (let n = 0; n < seen.signals.length; n++) target[at + motions.length + n] = Number.isNaN(level[n]!) ? 1 : 0;
}

/** How far off a relation is in a row; NaN where a signal that it speaks of is missing. */
export function offOf(levels: readonly Scale[], weights: readonly number[], { level }: Row): number {
  let sum = 0;
  for (let n = 0; n < weights.length; n++) {
    const { offset, scale } = levels[n]!;
    const value = (level[n]! - offset) / scale;
    if (!Number.isNaN(value)) sum += weights[n]! * value;
    else if (Math.abs(weights[n]!) >= LEAST_WEIGHT) return NaN;
  }
  return Math.min(Math.abs(sum), MOST_OFF);
}

/** A row's score: how many times further off than usual its worst relation is; 0 where nothing is known. */
export function scoreRow({ levels, relations }: Regime, row: Row, usual: ArrayLike<number>): number {
  let worst = 0;
  for (let n = 0; n < relations.length; n++) {
    const { weights, least } = relations[n]!;
    const score = (least + offOf(levels, weights, row)) / (least + Math.max(usual[n]!, 0));
    if (score > worst) worst = score;
  }
  return worst;
}

/** How much each signal has to do with a row's worst relation; by signal, not scaled. */
export function carryRow({ levels, relations }: Regime, row: Row): Float64Array {
  let worst: { weights: readonly number[]; times: number } | undefined;
  for (const { weights, least } of relations) {
    const times = offOf(levels, weights, row) / least;
    if (!Number.isNaN(times) && (!worst || times > worst.times)) worst = { weights, times };
  }
  return Float64Array.from(levels, (_, n) => (worst?.weights[n] ?? 0) ** 2);
}

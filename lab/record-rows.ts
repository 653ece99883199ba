/**
 * A simulated bed as the rows that detectors judge, one ending each second: what cutting windows into stretches and extracting
 * their features gives, to the bit, without the windows. Weeks of it are simulated in minutes.
 */
import type { Row } from "../ml/detectors/regime/rows.ts";
import type { FalseDataAttack } from "./attacks/false-data.ts";
import { SAMPLE_SECONDS, type Bedside } from "./bedside.ts";
import { comparablePairs } from "./fit.ts";
import { SEGMENTS } from "./sample.ts";

const STRETCH_SECONDS = 3;
const PER_SECOND = 1 / SAMPLE_SECONDS;
const PER_STRETCH = STRETCH_SECONDS * PER_SECOND;
const COUNT = SEGMENTS.length;
/** Fewer samples than this tell nothing of slope and spread. */
const ENOUGH = 3;

export const SEEN = { signals: SEGMENTS, pairs: comparablePairs() };
const PAIRS = SEEN.pairs.map((pair) => pair.map((name) => SEGMENTS.findIndex((segment) => segment === name)));

export interface RowRecorder {
  /** The next rows of the bed, each a second later than the one before; what the attack changes is changed. */
  next(count: number, attack?: FalseDataAttack): Row[];
  /** When the newest row ends, ms. */
  readonly end: number;
}

/** Records a bed from where it is, at time 0. The first row takes three seconds, each other one more. */
export function recordRows(bed: Bedside): RowRecorder {
  // By signal, the samples of a stretch, oldest first; NaN where the instrument had nothing to say.
  const kept = new Float64Array(COUNT * PER_STRETCH);
  let taken = 0;
  const take = (attack?: FalseDataAttack): void => {
    const { sample } = bed.next();
    const shown = attack ? attack.falsify(sample, taken * 1000 * SAMPLE_SECONDS) : sample;
    taken++;
    kept.copyWithin(0, 1);
    for (let i = 0; i < COUNT; i++) kept[(i + 1) * PER_STRETCH - 1] = shown[SEGMENTS[i]!] ?? NaN;
  };
  return {
    next(count, attack) {
      const rows: Row[] = [];
      while (rows.length < count) {
        for (let n = taken === 0 ? PER_STRETCH : PER_SECOND; n > 0; n--) take(attack);
        rows.push(toRow(kept, (taken - PER_STRETCH) * SAMPLE_SECONDS));
      }
      return rows;
    },
    get end() {
      return taken * 1000 * SAMPLE_SECONDS;
    },
  };
}

/** The features of `ml/features.ts`, in the same order of the same operations. */
function toRow(kept: Float64Array, start: number): Row {
  const level = new Float64Array(COUNT + PAIRS.length);
  const motion = new Float64Array(2 * COUNT).fill(NaN);
  for (let i = 0; i < COUNT; i++) {
    const from = i * PER_STRETCH;
    let [count, sum, times] = [0, 0, 0];
    for (let n = 0; n < PER_STRETCH; n++) {
      const value = kept[from + n]!;
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
      times += start + n * SAMPLE_SECONDS;
    }
    const mean = count === 0 ? NaN : sum / count;
    level[i] = mean;
    if (count < ENOUGH) continue;
    const middle = times / count;
    let [variance, across, extent] = [0, 0, 0];
    for (let n = 0; n < PER_STRETCH; n++) {
      const value = kept[from + n]!;
      if (Number.isNaN(value)) continue;
      const v = value - mean;
      const t = start + n * SAMPLE_SECONDS - middle;
      variance += v * v;
      across += t * v;
      extent += t * t;
    }
    if (extent > 0) motion[2 * i] = across / extent;
    motion[2 * i + 1] = Math.sqrt(Math.sqrt(variance / count));
  }
  for (const [k, [a, b]] of PAIRS.entries()) level[COUNT + k] = level[a!]! - level[b!]!;
  return { level, motion };
}

import { createRandom, type Random } from "../random.ts";
import {
  accuracy,
  balancedAccuracy,
  countConfusion,
  f1,
  falsePositiveRate,
  precision,
  recall,
  type Confusion,
} from "./confusion.ts";
import { detectionDelay, findEpisodes, timelyAccuracy, timeToDetectionScore, type Episode } from "./episodes.ts";
import { averagePrecision, rankRows, rocArea, traceCurve, type Operating } from "./ranking.ts";

/** A figure with the interval in which 95 % of its resamples lie. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface KindRecall {
  readonly kind: string;
  readonly rows: number;
  readonly recall: number;
}

export interface Evaluation {
  readonly rows: number;
  readonly attackedRows: number;
  readonly confusion: Confusion;
  readonly figures: readonly Figure[];
  readonly kinds: readonly KindRecall[];
  /** Each attack in order: its rows, and how many had passed at the first alarm (null: never noticed). */
  readonly attacks: readonly (Episode & { readonly delay: number | null })[];
  readonly curve: readonly Operating[];
}

export interface Judged {
  readonly labels: Uint8Array;
  readonly scores: Float64Array;
  readonly alarms: Uint8Array;
  /** What each row is called, where attacks have names. */
  readonly kinds?: readonly string[] | undefined;
}

const RESAMPLES = 200;
/** Resampling breaks rows into at least this many blocks, or their spread says nothing. */
const LEAST_BLOCKS = 20;

/**
 * How well scores and alarms fit the labels, row by row: attacks are never counted as found whole because one row of them was
 * (point adjustment makes a random score look good). Intervals are from a moving-block bootstrap (Künsch 1989): rows that
 * follow one another are alike, so blocks about two attacks long are drawn, not rows.
 */
export function evaluate({ labels, scores, alarms, kinds }: Judged, seed = "evaluate"): Evaluation {
  const attacks = findEpisodes(labels).map((each) => ({ ...each, delay: detectionDelay(each, alarms) ?? null }));
  const order = rankRows(scores);
  const confusion = countConfusion(labels, alarms);
  const curve = traceCurve(scores, labels, { order });
  const value = figuresOf(confusion, curve, timeToDetectionScore(attacks, alarms));
  const resampled = Array.from({ length: RESAMPLES }, (_, n) => {
    const random = createRandom(`${seed}/${n}`);
    const weights = drawBlocks(labels.length, blockLength(labels.length, attacks), random);
    const again = traceCurve(scores, labels, { order, weights });
    const drawn = attacks.map(() => attacks[random.integer(attacks.length)]!);
    return figuresOf(countConfusion(labels, alarms, weights), again, timeToDetectionScore(drawn, alarms));
  });
  return {
    rows: labels.length,
    attackedRows: confusion.truePositives + confusion.falseNegatives,
    confusion,
    figures: Object.entries(value)
      .filter(([, figure]) => Number.isFinite(figure))
      .map(([name, figure]) => ({
        name,
        value: figure,
        ...interval(
          resampled.map((each) => each[name]!),
          figure,
        ),
      })),
    kinds: kinds === undefined ? [] : recallByKind(labels, alarms, kinds),
    attacks,
    curve,
  };
}

function figuresOf(counts: Confusion, curve: readonly Operating[], early: number): Record<string, number> {
  const hasAttacks = counts.truePositives + counts.falseNegatives > 0;
  const alarmed = { "false positive rate": falsePositiveRate(counts) };
  if (!hasAttacks) return alarmed;
  return {
    F1: f1(counts),
    precision: precision(counts),
    recall: recall(counts),
    ...alarmed,
    accuracy: accuracy(counts),
    "balanced accuracy": balancedAccuracy(counts),
    "ROC AUC": rocArea(curve),
    "average precision": averagePrecision(curve),
    "time-to-detection score": early,
    "timely accuracy": timelyAccuracy(early, balancedAccuracy(counts)),
  };
}

function blockLength(rows: number, attacks: readonly Episode[]): number {
  const lengths = attacks.map(({ from, to }) => to - from).sort((a, b) => a - b);
  const usual = lengths[lengths.length >> 1] ?? Math.ceil(Math.sqrt(rows));
  return Math.max(1, Math.min(2 * usual, Math.floor(rows / LEAST_BLOCKS)));
}

/** How often each row is drawn when blocks are, until there are as many rows again. */
function drawBlocks(rows: number, length: number, random: Random): Float64Array {
  const weights = new Float64Array(rows);
  for (let drawn = 0; drawn < rows; drawn += length) {
    const from = random.integer(rows);
    for (let k = 0; k < length; k++) weights[(from + k) % rows]! += 1;
  }
  return weights;
}

function interval(values: readonly number[], value: number): { low: number; high: number } {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? value;
  return { low: Math.min(value, at(0.025)), high: Math.max(value, at(0.975)) };
}

function recallByKind(labels: Uint8Array, alarms: Uint8Array, kinds: readonly string[]): KindRecall[] {
  const found = new Map<string, { rows: number; alarms: number }>();
  labels.forEach((label, row) => {
    if (label !== 1) return;
    const kind = found.get(kinds[row]!) ?? { rows: 0, alarms: 0 };
    found.set(kinds[row]!, { rows: kind.rows + 1, alarms: kind.alarms + alarms[row]! });
  });
  return [...found]
    .map(([kind, counts]) => ({ kind, rows: counts.rows, recall: counts.alarms / counts.rows }))
    .sort((a, b) => b.rows - a.rows || (a.kind < b.kind ? -1 : 1));
}

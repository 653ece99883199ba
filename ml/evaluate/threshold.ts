import { balancedAccuracy, countConfusion, f1, recall } from "./confusion.ts";
import { timelyAccuracy } from "./episodes.ts";
import { areaUpTo, rankRows, traceCurve, type Operating } from "./ranking.ts";

/**
 * What a threshold is chosen for:
 * - `f1`: the best point-wise F1 at no more false alarms than `most`, or at any number
 * - `fpr`: the most recall at no more false alarms than `most`
 * - `timely`: the best timely accuracy at no more false alarms than `most`; `episodes` are the rows of each attack in order. Only
 *   `rows` count, those of stretches that hold attacks: an alarm that outlasts its attack is false for some rows of each, and years
 *   of quiet beside it would hide what that costs
 * - `kinds`: the best balanced accuracy, attacked rows counted by `weights`
 */
export type ThresholdTarget =
  | { readonly kind: "f1"; readonly most?: number }
  | { readonly kind: "fpr"; readonly most: number }
  | TimelyTarget
  | { readonly kind: "kinds"; readonly weights: Float64Array };

interface TimelyTarget {
  readonly kind: "timely";
  readonly most: number;
  readonly episodes: readonly Int32Array[];
  readonly rows: Int32Array;
}

/** Timely accuracy in those of these stretches that hold attacks, at no more false alarms there than `most`. */
export function aimAtTimely(stretches: readonly Int32Array[], labels: Uint8Array, most: number): TimelyTarget {
  const attacked = stretches.filter((own) => own.some((row) => labels[row] === 1));
  const rows = Int32Array.from(attacked.flatMap((own) => [...own])).sort();
  return { kind: "timely", most, episodes: episodesOf(attacked, labels), rows };
}

/**
 * The score from which on a row is an alarm, for scores of rows that the detector had not learned from. Between two scores it
 * is put in the middle. Without labels, or where there is no attack, all rows count as clean and only a false alarm rate can be kept.
 *
 * @param looked the rows that may be looked at; all without it
 * @throws RangeError where anything but a false alarm rate is wanted and there are no attacks
 */
export function chooseThreshold(
  scores: Float64Array,
  labels: Uint8Array,
  target: ThresholdTarget,
  looked?: Int32Array,
): number {
  const rows = countedRows(target, looked);
  const own = rows === undefined ? scores : Float64Array.from(rows, (row) => scores[row]!);
  const known = rows === undefined ? labels : Uint8Array.from(rows, (row) => labels[row]!);
  if (target.kind !== "fpr" && !known.includes(1)) throw new RangeError(`${target.kind} needs attacks`);
  const weights =
    target.kind === "kinds" ? Float64Array.from(rows ?? labels.keys(), (row) => target.weights[row]!) : undefined;
  const curve = traceCurve(own, known, { order: rankRows(own), ...(weights && { weights }) });
  const worthOf = worthAt(scores, known, target, rows);
  let best = 0;
  let most = -Infinity;
  curve.forEach((point, at) => {
    const worth = worthOf(point);
    if (worth > most) [best, most] = [at, worth];
  });
  const here = curve[best]!.score;
  const next = curve[best + 1]?.score;
  if (!Number.isFinite(here)) return next === undefined ? 0 : next + Math.abs(next) * 1e-9 + 1e-9;
  return next === undefined ? here : (here + next) / 2;
}

/** Of the rows that may be looked at, those that count; undefined: all that there are. */
function countedRows(target: ThresholdTarget, looked: Int32Array | undefined): Int32Array | undefined {
  if (target.kind !== "timely" || looked === undefined) return target.kind === "timely" ? target.rows : looked;
  const counts = new Set(target.rows);
  return looked.filter((row) => counts.has(row));
}

/** What an operating point is worth; what has more false alarms than are allowed is worth nothing. */
function worthAt(
  scores: Float64Array,
  known: Uint8Array,
  target: ThresholdTarget,
  rows: Int32Array | undefined,
): (point: Operating) => number {
  const attacked = known.reduce((sum, label) => sum + label, 0);
  const clean = known.length - attacked;
  const cap = target.kind === "kinds" ? 1 : (target.most ?? 1);
  const isAllowed = (point: Operating): boolean => point.falsePositiveRate <= cap + 1e-12;
  const balanced = (point: Operating): number => (point.recall + 1 - point.falsePositiveRate) / 2;
  // Of points that find as much, the last: the widest that the target allows is where unseen attacks show.
  if (target.kind === "fpr")
    return (point) => (isAllowed(point) ? point.falsePositiveRate + 10 * point.recall : -Infinity);
  if (target.kind === "kinds") return balanced;
  if (target.kind === "f1")
    return (point) => {
      const [called, found] = [point.falsePositiveRate * clean, point.recall * attacked];
      return isAllowed(point) ? (2 * found) / (found + called + attacked) : -Infinity;
    };
  const early = earlinessOf(scores, seenEpisodes(target.episodes, rows));
  return (point) => (isAllowed(point) ? timelyAccuracy(early(point.score), balanced(point)) : -Infinity);
}

function seenEpisodes(episodes: readonly Int32Array[], rows: Int32Array | undefined): readonly Int32Array[] {
  if (rows === undefined) return episodes;
  const seen = new Set(rows);
  return episodes.map((own) => own.filter((row) => seen.has(row))).filter((own) => own.length > 0);
}

/** The time-to-detection score at any threshold: an attack's highest score so far says when it is noticed. */
function earlinessOf(scores: Float64Array, episodes: readonly Int32Array[]): (threshold: number) => number {
  const highest = episodes.map((rows) => {
    let most = -Infinity;
    return Float64Array.from(rows, (row) => (most = Math.max(most, scores[row]!)));
  });
  return (threshold) => {
    let sum = 0;
    for (const own of highest) {
      let [from, to] = [0, own.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if (own[middle]! < threshold) from = middle + 1;
        else to = middle;
      }
      sum += from / own.length;
    }
    return highest.length === 0 ? 0 : 1 - sum / highest.length;
  };
}

/** The rows of each attack, in the order in which they came in their stretch. */
export function episodesOf(stretches: readonly Int32Array[], labels: Uint8Array): Int32Array[] {
  const episodes: Int32Array[] = [];
  for (const stretch of stretches)
    for (let at = 0; at < stretch.length; at++) {
      if (labels[stretch[at]!] !== 1) continue;
      let to = at + 1;
      while (to < stretch.length && labels[stretch[to]!] === 1) to += 1;
      episodes.push(stretch.slice(at, to));
      at = to;
    }
  return episodes;
}

/**
 * How much each row counts where later files hold the kinds of attack in other shares: a kind by the root of its rows, so that a
 * flood does not drown the rest. Attacked rows weigh on average what clean ones do.
 */
export function weighKinds(labels: Uint8Array, kinds: readonly string[]): Float64Array {
  const counts = new Map<string, number>();
  labels.forEach((label, row) => label === 1 && counts.set(kinds[row]!, (counts.get(kinds[row]!) ?? 0) + 1));
  const [rows, roots] = [...counts.values()].reduce(([all, sum], own) => [all + own, sum + Math.sqrt(own)], [0, 0]);
  return Float64Array.from(labels, (label, row) =>
    label === 1 ? rows / roots / Math.sqrt(counts.get(kinds[row]!)!) : 1,
  );
}

/**
 * The same weights, but attacked rows whose kind had been kept from what judged them together as heavy as the others: as if every
 * second attack to come were of a new kind.
 *
 * @param isUnseen 1 where the row's kind had been kept back; there are attacked rows of both sorts
 */
export function weighUnseen(weights: Float64Array, labels: Uint8Array, isUnseen: Uint8Array): Float64Array {
  const sums = [0, 0];
  labels.forEach((label, row) => (sums[isUnseen[row]!]! += label * weights[row]!));
  const half = (sums[0]! + sums[1]!) / 2;
  return weights.map((weight, row) => (labels[row] === 1 ? (weight * half) / sums[isUnseen[row]!]! : weight));
}

/** Which scores are alarms. */
export const toAlarms = (scores: Float64Array, threshold: number): Uint8Array =>
  Uint8Array.from(scores, (score) => (score >= threshold ? 1 : 0));

/**
 * Alarms for a cross-validation's scores in which no row had a say in its own threshold: for each fold the threshold is chosen
 * on the other folds.
 */
export function crossAlarms(
  scores: Float64Array,
  labels: Uint8Array,
  owner: Uint8Array,
  target: ThresholdTarget,
): Uint8Array {
  const alarms = new Uint8Array(scores.length);
  for (const fold of new Set(owner)) {
    const others = Int32Array.from(scores.keys()).filter((row) => owner[row] !== fold);
    // Where all attacks lie in this one fold, the others can only keep a false alarm rate.
    const hasAttacks = others.some((row) => labels[row] === 1);
    const threshold = chooseThreshold(scores, labels, hasAttacks ? target : { kind: "fpr", most: 0.001 }, others);
    owner.forEach((own, row) => {
      if (own === fold) alarms[row] = scores[row]! >= threshold ? 1 : 0;
    });
  }
  return alarms;
}

/**
 * What scores are worth by their target: F1, recall or timely accuracy of such alarms. By kinds it is the area under the curve up to a
 * tenth of false alarms: where each fold has other kinds that nobody has seen, one fold's threshold says little about the next.
 */
export function crossWorth(
  scores: Float64Array,
  labels: Uint8Array,
  owner: Uint8Array,
  target: ThresholdTarget,
): number {
  if (target.kind === "kinds") return areaUpTo(0.1, traceCurve(scores, labels, { weights: target.weights }));
  const alarms = crossAlarms(scores, labels, owner, target);
  if (target.kind === "timely") {
    const of = (own: Uint8Array): Uint8Array => Uint8Array.from(target.rows, (row) => own[row]!);
    const early = earlinessOf(Float64Array.from(alarms), target.episodes)(1);
    return timelyAccuracy(early, balancedAccuracy(countConfusion(of(labels), of(alarms))));
  }
  const counts = countConfusion(labels, alarms);
  return target.kind === "f1" ? f1(counts) : recall(counts);
}

/** The F1 that thresholds for it reach. */
export const crossF1 = (scores: Float64Array, labels: Uint8Array, owner: Uint8Array): number =>
  crossWorth(scores, labels, owner, { kind: "f1" });

/** Rows from the most to the least suspicious. */
export function rankRows(scores: Float64Array): Int32Array {
  return Int32Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

/** A place on the curves: what is found and what is falsely called when all scores from `score` upwards are alarms. */
export interface Operating {
  readonly score: number;
  readonly recall: number;
  readonly falsePositiveRate: number;
  readonly precision: number;
}

/** One point for each distinct score, from none called to all called. */
export function traceCurve(
  scores: Float64Array,
  labels: Uint8Array,
  { order = rankRows(scores), weights }: { order?: Int32Array; weights?: Float64Array } = {},
): Operating[] {
  let [attacked, clean] = [0, 0];
  for (let row = 0; row < labels.length; row++) {
    const weight = weights?.[row] ?? 1;
    if (labels[row] === 1) attacked += weight;
    else clean += weight;
  }
  const points: Operating[] = [{ score: Infinity, recall: 0, falsePositiveRate: 0, precision: 1 }];
  let [found, called] = [0, 0];
  order.forEach((row, at) => {
    const weight = weights?.[row] ?? 1;
    if (labels[row] === 1) found += weight;
    else called += weight;
    const next = order[at + 1];
    if (next !== undefined && scores[next] === scores[row]) return;
    points.push({
      score: scores[row]!,
      recall: attacked === 0 ? 0 : found / attacked,
      falsePositiveRate: clean === 0 ? 0 : called / clean,
      precision: found + called === 0 ? 1 : found / (found + called),
    });
  });
  return points;
}

/** Area under the ROC curve: the chance that an attacked row scores above a clean one, ties counted half. */
export function rocArea(curve: readonly Operating[]): number {
  let area = 0;
  for (let at = 1; at < curve.length; at++) {
    const [before, now] = [curve[at - 1]!, curve[at]!];
    area += ((now.falsePositiveRate - before.falsePositiveRate) * (now.recall + before.recall)) / 2;
  }
  return area;
}

/** The mean recall at false positive rates up to `most`. */
export function areaUpTo(most: number, curve: readonly Operating[]): number {
  let area = 0;
  for (let at = 1; at < curve.length; at++) {
    const [before, now] = [curve[at - 1]!, curve[at]!];
    if (before.falsePositiveRate >= most) break;
    const width = now.falsePositiveRate - before.falsePositiveRate;
    // Where the rate passes `most` on the way, the recall there lies on the line between the two.
    const part = width === 0 ? 1 : Math.min(1, (most - before.falsePositiveRate) / width);
    area += (part * width * (2 * before.recall + part * (now.recall - before.recall))) / 2;
  }
  return area / most;
}

/** Average precision: precision where each attacked row is found, without interpolation (Davis, Goadrich 2006). */
export function averagePrecision(curve: readonly Operating[]): number {
  let sum = 0;
  for (let at = 1; at < curve.length; at++) sum += (curve[at]!.recall - curve[at - 1]!.recall) * curve[at]!.precision;
  return sum;
}

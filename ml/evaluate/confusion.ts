/** How rows were called, each counted by itself; nothing is adjusted for whole attacks. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Counts of alarms against labels. `weights`, where given, count a row more than once or not at all. */
export function countConfusion(labels: Uint8Array, alarms: Uint8Array, weights?: Float64Array): Confusion {
  const counts = [0, 0, 0, 0];
  for (let row = 0; row < labels.length; row++) counts[2 * labels[row]! + alarms[row]!]! += weights?.[row] ?? 1;
  const [trueNegatives, falsePositives, falseNegatives, truePositives] = counts as [number, number, number, number];
  return { truePositives, falsePositives, trueNegatives, falseNegatives };
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

export const recall = (c: Confusion): number => share(c.truePositives, c.truePositives + c.falseNegatives);
export const precision = (c: Confusion): number => share(c.truePositives, c.truePositives + c.falsePositives);
export const falsePositiveRate = (c: Confusion): number => share(c.falsePositives, c.falsePositives + c.trueNegatives);
export const f1 = (c: Confusion): number =>
  share(2 * c.truePositives, 2 * c.truePositives + c.falsePositives + c.falseNegatives);
export const balancedAccuracy = (c: Confusion): number => (recall(c) + 1 - falsePositiveRate(c)) / 2;
export const accuracy = (c: Confusion): number =>
  share(c.truePositives + c.trueNegatives, c.truePositives + c.trueNegatives + c.falsePositives + c.falseNegatives);

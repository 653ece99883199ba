import { isMissing, toNumber } from "./cells.ts";

/** A column that gives the label away by itself. */
export interface Leak {
  readonly column: string;
  /** Which form of it: its value, its length, a prefix, one telling value. */
  readonly form: string;
  /** Balanced accuracy of that form alone, judged on rows from which it was not learned. */
  readonly balancedAccuracy: number;
}

/** From here on a single column is no signal but the answer. */
export const LEAK_LIMIT = 0.99;

const FOLDS = 5;
const MOST_PREFIX = 16;
const BINS = 256;
/** An attack class smaller than this proves nothing about a column. */
const LEAST_ATTACKED = 10;

/**
 * The columns that alone, as values or in a simple form of their text, tell attacked from clean rows with a balanced accuracy
 * of at least 0.99. Each form is a table from what it makes of a cell to the label that is more frequent there; the table is
 * learned on four fifths of the rows and judged on the rest, every fifth row in turn. In turn and not by blocks, because
 * this asks whether the column holds the answer (a date does, row by row), not whether a detector would find later attacks.
 */
export function findLeaks(columns: readonly { name: string; cells: readonly string[] }[], labels: Uint8Array): Leak[] {
  const attacked = labels.reduce((sum, label) => sum + label, 0);
  if (Math.min(attacked, labels.length - attacked) < LEAST_ATTACKED) return [];
  return columns.flatMap(({ name, cells }) => {
    const best = formsOf(cells)
      .map(({ form, keys }) => ({ column: name, form, balancedAccuracy: judgeForm(keys(), labels) }))
      .reduce((a, b) => (b.balancedAccuracy > a.balancedAccuracy ? b : a));
    return best.balancedAccuracy >= LEAK_LIMIT ? [best] : [];
  });
}

interface Form {
  readonly form: string;
  readonly keys: () => readonly (string | number)[];
}

function formsOf(cells: readonly string[]): Form[] {
  const forms: Form[] = [
    { form: "its value", keys: () => cells },
    { form: "its length", keys: () => cells.map((cell) => cell.length) },
  ];
  if (isNumeric(cells)) return [...forms, { form: "the range of its value", keys: () => toBins(cells) }];
  const longest = cells.reduce((most, cell) => Math.max(most, cell.length), 0);
  for (let length = 1; length < Math.min(longest, MOST_PREFIX + 1); length++) {
    forms.push({ form: `its first ${length} signs`, keys: () => cells.map((cell) => cell.slice(0, length)) });
    forms.push({ form: `its last ${length} signs`, keys: () => cells.map((cell) => cell.slice(-length)) });
  }
  return forms;
}

const isNumeric = (cells: readonly string[]): boolean =>
  cells.every((cell) => isMissing(cell) || !Number.isNaN(toNumber(cell)));

/** Numbers by rank into bins of equally many rows; equal numbers share one. */
function toBins(cells: readonly string[]): number[] {
  const values = cells.map((cell) => toNumber(cell));
  const sorted = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  const edges = new Set<number>();
  for (let bin = 1; bin < BINS; bin++) edges.add(sorted[Math.floor((bin * sorted.length) / BINS)]!);
  const limits = Float64Array.from(edges).sort();
  return values.map((value) => (Number.isNaN(value) ? -1 : countBelow(limits, value)));
}

function countBelow(limits: Float64Array, value: number): number {
  let [from, to] = [0, limits.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (limits[middle]! <= value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Balanced accuracy of a table from keys to the label that is more frequent there, weighing both labels alike. */
function judgeForm(keys: readonly (string | number)[], labels: Uint8Array): number {
  const codes = new Map<string | number, number>();
  const code = Int32Array.from(keys, (key) => {
    const known = codes.get(key);
    if (known !== undefined) return known;
    codes.set(key, codes.size);
    return codes.size - 1;
  });
  const counts = [0, 1].map(() => Array.from({ length: FOLDS }, () => new Int32Array(codes.size)));
  const sums = [0, 1].map(() => new Float64Array(FOLDS));
  for (let row = 0; row < code.length; row++) {
    const [label, fold] = [labels[row]!, row % FOLDS];
    counts[label]![fold]![code[row]!]! += 1;
    sums[label]![fold]! += 1;
  }
  const right = [0, 0];
  for (let fold = 0; fold < FOLDS; fold++) {
    const rest = [0, 1].map((label) => sum(sums[label]!) - sums[label]![fold]!);
    if (rest[0] === 0 || rest[1] === 0) return 0;
    for (let key = 0; key < codes.size; key++) {
      const seen = [0, 1].map((label) => {
        let all = -counts[label]![fold]![key]!;
        for (const part of counts[label]!) all += part[key]!;
        return all / rest[label]!;
      });
      // A value that was not seen says nothing: it counts as clean.
      const said = seen[1]! > seen[0]! ? 1 : 0;
      right[said]! += counts[said]![fold]![key]!;
    }
  }
  return (right[0]! / sum(sums[0]!) + right[1]! / sum(sums[1]!)) / 2;
}

const sum = (values: Float64Array): number => values.reduce((all, value) => all + value, 0);

import { createRandom, type Random } from "../../random.ts";
import { followChanges, followTree, type Tree } from "./trees.ts";

/** Trees whose leaves say how many random cuts it takes to set a row apart. */
export interface IsolationForest {
  /** How many rows each tree was grown on. */
  readonly sample: number;
  readonly trees: readonly Tree[];
}

export interface ForestPlan {
  readonly trees: number;
  readonly sample: number;
  readonly seed: string;
}

/** Mean length of an unsuccessful search in a binary search tree of n rows. */
export function meanPath(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + 0.5772156649015329) - (2 * (n - 1)) / n;
}

/** Isolation forest (Liu, Ting, Zhou 2008) over the given rows. Missing values go with the smallest. */
export function fitIsolationForest(
  values: readonly Float64Array[],
  rows: Int32Array,
  plan: ForestPlan,
): IsolationForest {
  const random = createRandom(plan.seed);
  const sample = Math.min(plan.sample, rows.length);
  const depth = Math.ceil(Math.log2(Math.max(2, sample)));
  const trees = Array.from({ length: plan.trees }, () => growTree(values, draw(rows, sample, random), depth, random));
  return { sample, trees };
}

function draw(rows: Int32Array, count: number, random: Random): Int32Array {
  const pool = Int32Array.from(rows);
  for (let at = 0; at < count; at++) {
    const other = at + random.integer(pool.length - at);
    [pool[at], pool[other]] = [pool[other]!, pool[at]!];
  }
  return pool.slice(0, count);
}

function growTree(values: readonly Float64Array[], rows: Int32Array, most: number, random: Random): Tree {
  const tree: Tree = { signal: [-1], limit: [0], left: [-1], value: [0] };
  let level = [{ node: 0, rows }];
  for (let depth = 0; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { node, rows: own } of level) {
      const cut = depth < most && own.length > 1 ? drawCut(values, own, random) : undefined;
      tree.value[node] = depth + meanPath(own.length);
      if (cut === undefined) continue;
      const left = tree.signal.length;
      tree.signal[node] = cut.signal;
      tree.limit[node] = cut.limit;
      tree.left[node] = left;
      for (const column of [tree.signal, tree.left]) column.push(-1, -1);
      for (const column of [tree.limit, tree.value]) column.push(0, 0);
      const goes = (row: number): boolean => values[cut.signal]![row]! > cut.limit;
      next.push({ node: left, rows: own.filter((row) => !goes(row)) }, { node: left + 1, rows: own.filter(goes) });
    }
    level = next;
  }
  return tree;
}

/** A random signal that differs among these rows, and a random limit between its extremes. */
function drawCut(values: readonly Float64Array[], rows: Int32Array, random: Random) {
  for (let tries = 0; tries < 12; tries++) {
    const signal = random.integer(values.length);
    let [low, high] = [Infinity, -Infinity];
    for (const row of rows) {
      const value = values[signal]![row]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low < high)
      return { signal, limit: Math.min(low + random.uniform() * (high - low), high - (high - low) * 1e-9) };
  }
  return undefined;
}

/** 0 to 1 for each row: 2^(-mean path / usual path). */
export function scoreIsolationForest(
  { trees, sample }: IsolationForest,
  values: readonly Float64Array[],
  rows: number,
): Float64Array {
  const paths = new Float64Array(rows);
  for (const tree of trees) for (let row = 0; row < rows; row++) paths[row]! += followTree(tree, values, row);
  const usual = trees.length * (meanPath(sample) || 1);
  return paths.map((path) => 2 ** (-path / usual));
}

/** Which signals set a row apart: by each tree, the sooner the more, shared evenly by the cuts on the way. */
export function explainIsolationForest(
  { trees, sample }: IsolationForest,
  values: readonly Float64Array[],
  row: number,
): Float64Array {
  const carried = new Float64Array(values.length);
  const usual = meanPath(sample);
  for (const tree of trees) {
    const sooner = usual - followTree(tree, values, row);
    if (sooner <= 0) continue;
    const cuts: number[] = [];
    followChanges(tree, values, row, (signal) => cuts.push(signal));
    for (const signal of cuts) carried[signal]! += sooner / cuts.length;
  }
  return carried;
}

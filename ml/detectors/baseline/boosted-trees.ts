import { createRandom, type Random } from "../../random.ts";
import { binSignal, type Binned } from "./bins.ts";
import { followChanges, followTree, type Tree } from "./trees.ts";

/** Trees whose sum, from `base` on, is the log-odds that a row is attacked. */
export interface BoostedTrees {
  readonly base: number;
  readonly trees: readonly Tree[];
}

export interface BoostPlan {
  readonly rounds: number;
  readonly depth: number;
  readonly learningRate: number;
  /** L2 penalty on a leaf's value. */
  readonly lambda: number;
  /** The least sum of second derivatives in a leaf. */
  readonly leastWeight: number;
  readonly bins: number;
  /** Shares of signals and of rows that each tree sees. */
  readonly signalShare: number;
  readonly rowShare: number;
  readonly seed: string;
}

/**
 * Gradient-boosted trees for the logistic loss with second-order leaves (Friedman 2001; Chen, Guestrin 2016) on histograms of
 * binned signals. Missing values go with the smallest. The same seed gives the same trees.
 *
 * @param values signals by column; @param rows those to learn from, of both labels; @param weights how much each row counts
 */
export async function fitBoostedTrees(
  values: readonly Float64Array[],
  labels: Uint8Array,
  rows: Int32Array,
  plan: BoostPlan,
  progress: (done: number) => Promise<void>,
  weights?: Float64Array,
): Promise<BoostedTrees> {
  const binned = values.map((own) => binSignal(own, rows, plan.bins));
  const weigh = (row: number): number => weights?.[row] ?? 1;
  const attacked = rows.reduce((sum, row) => sum + labels[row]! * weigh(row), 0);
  const clean = rows.reduce((sum, row) => sum + (1 - labels[row]!) * weigh(row), 0);
  const base = Math.log(attacked / clean);
  const odds = new Float64Array(labels.length).fill(base);
  const [gradient, hessian] = [new Float64Array(labels.length), new Float64Array(labels.length)];
  const random = createRandom(plan.seed);
  const trees: Tree[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    for (const row of rows) {
      const chance = 1 / (1 + Math.exp(-odds[row]!));
      gradient[row] = weigh(row) * (chance - labels[row]!);
      hessian[row] = weigh(row) * chance * (1 - chance);
    }
    const tree = growTree(binned, gradient, hessian, rows, plan, random);
    for (const row of rows) odds[row]! += followTree(tree, values, row);
    trees.push(tree);
    if (round % 5 === 4) await progress((round + 1) / plan.rounds);
  }
  return { base, trees };
}

/** Log-odds of each row. */
export function scoreBoostedTrees(
  { base, trees }: BoostedTrees,
  values: readonly Float64Array[],
  rows: number,
): Float64Array {
  const odds = new Float64Array(rows).fill(base);
  for (const tree of trees) for (let row = 0; row < rows; row++) odds[row]! += followTree(tree, values, row);
  return odds;
}

/** What each signal adds to a row's log-odds. */
export function explainBoostedTrees(
  { trees }: BoostedTrees,
  values: readonly Float64Array[],
  row: number,
): Float64Array {
  const carried = new Float64Array(values.length);
  for (const tree of trees) followChanges(tree, values, row, (signal, by) => (carried[signal]! += by));
  return carried;
}

interface Split {
  readonly signal: number;
  /** The last bin that goes left. */
  readonly bin: number;
  readonly gain: number;
}

interface Sums {
  readonly gradient: number;
  readonly hessian: number;
}

function growTree(
  binned: readonly Binned[],
  gradient: Float64Array,
  hessian: Float64Array,
  all: Int32Array,
  plan: BoostPlan,
  random: Random,
): Tree {
  const rows = plan.rowShare < 1 ? all.filter(() => random.uniform() < plan.rowShare) : all;
  const usable = [...binned.keys()].filter((signal) => binned[signal]!.limits.length > 0);
  const signals = usable.filter(() => plan.signalShare >= 1 || random.uniform() < plan.signalShare);
  const tree: Tree = { signal: [-1], limit: [0], left: [-1], value: [0] };
  let level = [{ node: 0, rows }];
  for (let depth = 0; level.length > 0; depth++) {
    const next: typeof level = [];
    for (const { node, rows: own } of level) {
      const sums = sumOf(gradient, hessian, own);
      tree.value[node] = (-plan.learningRate * sums.gradient) / (sums.hessian + plan.lambda);
      const split = depth < plan.depth ? bestSplit(binned, gradient, hessian, own, sums, signals, plan) : undefined;
      if (split === undefined) continue;
      const { bins, limits } = binned[split.signal]!;
      const left = tree.signal.length;
      tree.signal[node] = split.signal;
      // Bin 0 alone to the left: what is missing, apart from every value.
      tree.limit[node] = split.bin === 0 ? -Number.MAX_VALUE : limits[split.bin - 1]!;
      tree.left[node] = left;
      for (const column of [tree.signal, tree.left]) column.push(-1, -1);
      for (const column of [tree.limit, tree.value]) column.push(0, 0);
      next.push({ node: left, rows: own.filter((row) => bins[row]! <= split.bin) });
      next.push({ node: left + 1, rows: own.filter((row) => bins[row]! > split.bin) });
    }
    level = next;
  }
  return tree;
}

function sumOf(gradient: Float64Array, hessian: Float64Array, rows: Int32Array): Sums {
  let [g, h] = [0, 0];
  for (const row of rows) {
    g += gradient[row]!;
    h += hessian[row]!;
  }
  return { gradient: g, hessian: h };
}

const MOST_BINS = 256;

/** The split that lowers the loss most, or undefined where none does. */
function bestSplit(
  binned: readonly Binned[],
  gradient: Float64Array,
  hessian: Float64Array,
  rows: Int32Array,
  sums: Sums,
  signals: readonly number[],
  { lambda, leastWeight }: BoostPlan,
): Split | undefined {
  if (sums.hessian < 2 * leastWeight) return undefined;
  const [g, h] = [new Float64Array(MOST_BINS), new Float64Array(MOST_BINS)];
  const worth = (own: number, weight: number): number => (own * own) / (weight + lambda);
  const before = worth(sums.gradient, sums.hessian);
  let best: Split | undefined;
  for (const signal of signals) {
    const { bins, limits } = binned[signal]!;
    g.fill(0);
    h.fill(0);
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      const bin = bins[row]!;
      g[bin]! += gradient[row]!;
      h[bin]! += hessian[row]!;
    }
    let [left, weight] = [0, 0];
    for (let bin = 0; bin <= limits.length; bin++) {
      left += g[bin]!;
      weight += h[bin]!;
      if (weight < leastWeight) continue;
      if (sums.hessian - weight < leastWeight) break;
      const gain = worth(left, weight) + worth(sums.gradient - left, sums.hessian - weight) - before;
      if (gain > (best?.gain ?? 1e-9)) best = { signal, bin, gain };
    }
  }
  return best;
}

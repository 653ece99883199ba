import { z } from "zod";

const MOST_NODES = 4_096;
const INDEXES = z.array(z.int().min(-1).max(100_000)).min(1).max(MOST_NODES);

/**
 * A binary tree as columns. A node with `signal` -1 is a leaf of `value`; any other sends a row to `left` where its signal is at
 * most `limit`, or missing, and to the node after `left` otherwise. Children always come after their parent.
 */
export const TREE = z
  .strictObject({
    signal: INDEXES,
    limit: z.array(z.number()).max(MOST_NODES),
    left: INDEXES,
    value: z.array(z.number()).max(MOST_NODES),
  })
  .refine(({ signal, limit, left, value }) => {
    const nodes = signal.length;
    if (limit.length !== nodes || left.length !== nodes || value.length !== nodes) return false;
    return signal.every((each, at) => each < 0 || (left[at]! > at && left[at]! + 1 < nodes));
  }, "no tree");

export type Tree = z.infer<typeof TREE>;

/** The value of the leaf at which a row ends. */
export function followTree(tree: Tree, values: readonly Float64Array[], row: number): number {
  let node = 0;
  for (let signal = tree.signal[0]!; signal >= 0; signal = tree.signal[node]!) {
    const value = values[signal]![row]!;
    node = tree.left[node]! + (value > tree.limit[node]! ? 1 : 0);
  }
  return tree.value[node]!;
}

/** Adds to each signal the changes of value at its splits, on a row's way to its leaf (Saabas 2014). */
export function followChanges(
  tree: Tree,
  values: readonly Float64Array[],
  row: number,
  change: (signal: number, by: number) => void,
): void {
  let node = 0;
  for (let signal = tree.signal[0]!; signal >= 0; signal = tree.signal[node]!) {
    const child = tree.left[node]! + (values[signal]![row]! > tree.limit[node]! ? 1 : 0);
    change(signal, tree.value[child]! - tree.value[node]!);
    node = child;
  }
}

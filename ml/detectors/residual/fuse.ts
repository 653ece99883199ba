import type { Tree } from "../baseline/trees.ts";

/** How evidence becomes one score: the strongest counts, or all of it, weighed, or as boosted trees have learned to read it. */
export type Fusion =
  | { readonly kind: "strongest" }
  | { readonly kind: "weighed"; readonly base: number; readonly weights: readonly number[] }
  | { readonly kind: "trees"; readonly base: number; readonly trees: readonly Tree[] };

const LEAST = 0.02;
const MOST = 100;
/** Evidence counts by its logarithm from a tenth of what clean rows reach; below, it is as good as none. */
const FINE = 10;

/** What a relation says with its memory: the stronger of the two, from 0 on, slower than it grows. */
export const toStrength = (evidence: number, remembered: number): number =>
  Math.log1p(FINE * Math.min(MOST, Math.max(Math.abs(evidence), remembered)));

/** The score of a row: for `strongest` the logarithm of its strongest evidence, for the others log-odds of an attack. */
export function fuse(fusion: Fusion, strengths: Float64Array, evidence: Float64Array): number {
  switch (fusion.kind) {
    case "strongest": {
      let most = 0;
      for (const strength of strengths) if (strength > most) most = strength;
      return Math.log(Math.max(LEAST, Math.expm1(most) / FINE));
    }
    case "weighed":
      return strengths.reduce((odds, strength, n) => odds + fusion.weights[n]! * strength, fusion.base);
    case "trees":
      return fusion.trees.reduce((odds, tree) => odds + readTree(tree, evidence), fusion.base);
  }
}

function readTree(tree: Tree, evidence: Float64Array): number {
  let node = 0;
  for (let at = tree.signal[0]!; at >= 0; at = tree.signal[node]!)
    node = tree.left[node]! + (evidence[at]! > tree.limit[node]! ? 1 : 0);
  return tree.value[node]!;
}

/** How much each evidence matters to a score, for those that explain it. */
export function mattersOf(fusion: Fusion, size: number): Float64Array {
  if (fusion.kind === "strongest") return new Float64Array(size).fill(1);
  if (fusion.kind === "weighed") return Float64Array.from(fusion.weights);
  const splits = new Float64Array(size);
  for (const { signal } of fusion.trees) for (const at of signal) if (at >= 0) splits[at]! += 1;
  return splits;
}

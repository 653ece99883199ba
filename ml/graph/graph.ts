import type { MatmulFlags, Shape } from "./shape.ts";

/** Element by element. `sign` is -1, 0 or 1; its derivative is taken as zero. */
export const UNARY = ["negate", "exp", "log", "sqrt", "tanh", "sigmoid", "relu", "abs", "sign"] as const;
export type Unary = (typeof UNARY)[number];
export const BINARY = ["add", "subtract", "multiply", "divide"] as const;
export type Binary = (typeof BINARY)[number];

/**
 * What a node does with the nodes that it is of. These are all there are: layers, losses, gradients and the steps of an
 * optimiser are graphs of them.
 *
 * - `input`: given anew at every run · `state`: kept by the engine between runs, moved on by the graph's updates
 * - `constant`: its numbers, or one number that fills it
 * - `matmul`: of the last two axes, either transposed first
 * - `slice`: a stretch along one axis · `concat`: along one axis · `sum`: over axes, whose extents become 1
 * - `softmax`: along the last axis
 * - `lstm`: of x [T,B,F], W [F,4U], R [U,4U], b [4U], h [B,U] and c [B,U], gates in the order input, forget, output, cell;
 *   gives [T+1,B,U]: T hidden states, then the last cell. For inference only: training unrolls (layers/lstm.ts), and
 *   `lowerGraph` writes it out for engines that have no such operator.
 */
export type Operation =
  | { op: "input" | "state"; name: string }
  | { op: "constant"; values: Float64Array }
  | { op: Unary }
  | { op: Binary }
  | { op: "reshape" | "broadcast" | "softmax" | "lstm" }
  | ({ op: "matmul" } & MatmulFlags)
  | { op: "transpose"; order: readonly number[] }
  | { op: "concat"; axis: number }
  | { op: "slice"; axis: number; start: number }
  | { op: "sum"; axes: readonly number[] };

/** A node: what it does, with which nodes before it, and the shape of what it gives. */
export type Node = Operation & { readonly of: readonly number[]; readonly shape: Shape };

/**
 * A finished graph: plain data. Each node comes after those that it is of. `outputs` and `updates` name nodes by their
 * place; a state without an update stays as it is.
 */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly outputs: Readonly<Record<string, number>>;
  readonly updates: Readonly<Record<string, number>>;
}

/** The shapes of what a graph takes (`input`) or keeps (`state`), by name. */
export function shapesOf(graph: Graph, kind: "input" | "state"): Record<string, Shape> {
  const shapes: Record<string, Shape> = {};
  for (const node of graph.nodes) if (node.op === kind) shapes[node.name] = node.shape;
  return shapes;
}

import { MlError } from "../errors.ts";
import type { GraphBuilder, Value } from "./build.ts";
import type { Node, Unary } from "./graph.ts";
import { isSameShape, repeatedAxes, sizeOf } from "./shape.ts";

/**
 * What one use of a value adds to its gradient. A slice adds a `part`; a matmul adds a `product` leftᵀ·right that is not
 * multiplied out yet: when one matrix was used at many steps, as in a recurrent layer, the sum of the products is one
 * product of the stacked factors, and parts that tile a tensor are one concat.
 */
type Share =
  | { kind: "whole"; by: number; gradient: Value }
  | { kind: "part"; by: number; gradient: Value; axis: number; start: number }
  | { kind: "product"; by: number; left: Value; right: Value };

/**
 * Reverse-mode differentiation: the gradients of a single number with respect to `values`, as values of the same graph,
 * so that they run on every engine and can be differentiated again.
 *
 * @throws SHAPE_MISMATCH where the loss is not a single number; GRAPH_INVALID where an lstm node lies in between
 */
export function differentiate(g: GraphBuilder, loss: Value, values: readonly Value[]): Value[] {
  if (sizeOf(loss.shape) !== 1)
    throw new MlError("SHAPE_MISMATCH", {
      shapes: [loss.shape],
      detail: "Only a single number can be differentiated.",
    });
  const depends = dependents(g, loss, values);
  const shares = new Map<number, Share[]>([
    [loss.id, [{ kind: "whole", by: loss.id, gradient: g.constant(1, loss.shape) }]],
  ]);
  const gradients = new Map<number, Value>();
  for (let id = loss.id; id >= 0; id--) {
    const list = shares.get(id);
    if (!list) continue;
    const value = g.valueAt(id);
    const gradient = settle(g, value, list);
    gradients.set(id, gradient);
    const give = (to: number, share: Share): void => {
      const list = shares.get(to);
      if (list) list.push(share);
      else if (depends.has(to)) shares.set(to, [share]);
    };
    shareOut(g, value, gradient, give, (operand) => depends.has(operand));
  }
  return values.map((value) => gradients.get(value.id) ?? g.constant(0, value.shape));
}

/** The nodes that lead from `values` to the loss. */
function dependents(g: GraphBuilder, loss: Value, values: readonly Value[]): Set<number> {
  const depends = new Set(values.map(({ id }) => id));
  for (let id = 0; id <= loss.id; id++) if (g.nodeOf(g.valueAt(id)).of.some((of) => depends.has(of))) depends.add(id);
  return depends;
}

/** The sum of all shares. */
function settle(g: GraphBuilder, value: Value, shares: readonly Share[]): Value {
  // In the order of the uses, whichever way round they were met, so that stacked factors are met again as they are.
  const sorted = [...shares].sort((a, b) => a.by - b.by);
  const whole = sorted.flatMap((share) => (share.kind === "whole" ? [share.gradient] : []));
  const sums = [...whole, ...settleProducts(g, sorted), ...settleParts(g, value, sorted)];
  const total = sums.reduce((sum, next) => g.add(sum, next));
  return g.broadcast(total, value.shape);
}

function settleProducts(g: GraphBuilder, shares: readonly Share[]): Value[] {
  const products = shares.flatMap((share) => (share.kind === "product" ? [share] : []));
  if (products.length === 0) return [];
  const stack = (side: "left" | "right"): Value =>
    g.concat(
      products.map((product) => product[side]),
      -2,
    );
  return [g.matmul(stack("left"), stack("right"), { transposeLeft: true })];
}

function settleParts(g: GraphBuilder, value: Value, shares: readonly Share[]): Value[] {
  const open = shares.flatMap((share) => (share.kind === "part" ? [share] : []));
  const sums: Value[] = [];
  while (open.length > 0) {
    const axis = open[0]?.axis ?? 0;
    const pieces: Value[] = [];
    let filled = 0;
    const zeros = (size: number): Value => g.constant(0, value.shape.with(axis, size));
    for (const part of open.filter((each) => each.axis === axis).sort((a, b) => a.start - b.start)) {
      if (part.start < filled) continue; // it overlaps: in the next round
      if (part.start > filled) pieces.push(zeros(part.start - filled));
      pieces.push(part.gradient);
      filled = part.start + (part.gradient.shape[axis] ?? 0);
      open.splice(open.indexOf(part), 1);
    }
    const extent = value.shape[axis] ?? 0;
    if (filled < extent) pieces.push(zeros(extent - filled));
    sums.push(g.concat(pieces, axis));
  }
  return sums;
}

/** Gives the operands of a value their shares of its gradient. */
function shareOut(
  g: GraphBuilder,
  value: Value,
  gradient: Value,
  give: (to: number, share: Share) => void,
  wants: (operand: number) => boolean,
): void {
  const node = g.nodeOf(value);
  const operand = (index: number): Value => g.valueAt(node.of[index] ?? -1);
  const whole = (index: number, make: () => Value): void => {
    const to = node.of[index] ?? -1;
    if (wants(to)) give(to, { kind: "whole", by: value.id, gradient: make() });
  };
  switch (node.op) {
    case "input":
    case "state":
    case "constant":
    case "sign":
      return;
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
      for (const index of [0, 1]) whole(index, () => binaryShare(g, node, index, value, gradient));
      return;
    case "matmul":
      return shareMatmul(g, node, value, gradient, give, wants);
    case "reshape":
      return whole(0, () => g.reshape(gradient, operand(0).shape));
    case "broadcast":
      return whole(0, () => sumTo(g, gradient, operand(0)));
    case "sum":
      return whole(0, () => gradient); // repeated where it is settled, or by what uses it
    case "transpose":
      return whole(0, () =>
        g.transpose(
          gradient,
          node.order.map((_, axis) => node.order.indexOf(axis)),
        ),
      );
    case "concat":
      return shareConcat(g, node, gradient, whole);
    case "slice":
      return give(node.of[0] ?? -1, { kind: "part", by: value.id, gradient, axis: node.axis, start: node.start });
    case "softmax":
      return whole(0, () => {
        const weighted = g.multiply(gradient, value);
        return g.subtract(weighted, g.multiply(value, g.sum(weighted, [-1])));
      });
    case "lstm":
      throw new MlError("GRAPH_INVALID", { detail: "An lstm node is for inference; training unrolls it." });
    default:
      return whole(0, () => unaryShare(g, node.op, operand(0), value, gradient));
  }
}

function unaryShare(g: GraphBuilder, op: Unary, x: Value, y: Value, d: Value): Value {
  switch (op) {
    case "negate":
      return g.negate(d);
    case "exp":
      return g.multiply(d, y);
    case "log":
      return g.divide(d, x);
    case "sqrt":
      return g.divide(g.multiply(d, 0.5), y);
    case "tanh":
      return g.multiply(d, g.subtract(1, g.multiply(y, y)));
    case "sigmoid":
      return g.multiply(d, g.subtract(y, g.multiply(y, y)));
    case "relu":
      return g.multiply(d, g.sign(y));
    case "abs":
      return g.multiply(d, g.sign(x));
    case "sign":
      return g.constant(0, x.shape);
  }
}

function binaryShare(g: GraphBuilder, node: Node, index: number, y: Value, d: Value): Value {
  const [a, b] = [g.valueAt(node.of[0] ?? -1), g.valueAt(node.of[1] ?? -1)];
  const operand = index === 0 ? a : b;
  if (node.op === "add") return sumTo(g, d, operand);
  if (node.op === "subtract") return sumTo(g, index === 0 ? d : g.negate(d), operand);
  if (node.op === "multiply") return sumTo(g, g.multiply(d, index === 0 ? b : a), operand);
  return sumTo(g, index === 0 ? g.divide(d, b) : g.negate(g.divide(g.multiply(d, y), b)), operand);
}

/** Sums a gradient over the axes along which the operand was repeated. */
function sumTo(g: GraphBuilder, gradient: Value, operand: Value): Value {
  if (isSameShape(gradient.shape, operand.shape)) return gradient;
  return g.reshape(g.sum(gradient, repeatedAxes(operand.shape, gradient.shape)), operand.shape);
}

function shareConcat(
  g: GraphBuilder,
  node: Node & { op: "concat" },
  gradient: Value,
  whole: (index: number, make: () => Value) => void,
): void {
  let start = 0;
  node.of.forEach((place, index) => {
    const from = start;
    const size = g.valueAt(place).shape[node.axis] ?? 0;
    start += size;
    whole(index, () => g.slice(gradient, node.axis, from, size));
  });
}

/** Of y = a·b: da = d·bᵀ, db = aᵀ·d, with the flags that spare every transposition. */
function shareMatmul(
  g: GraphBuilder,
  node: Node & { op: "matmul" },
  value: Value,
  d: Value,
  give: (to: number, share: Share) => void,
  wants: (operand: number) => boolean,
): void {
  const [left = -1, right = -1] = node.of;
  const [a, b] = [g.valueAt(left), g.valueAt(right)];
  const { transposeLeft: ta, transposeRight: tb } = node;
  const by = value.id;
  if (wants(left))
    give(left, {
      kind: "whole",
      by,
      gradient: ta
        ? g.matmul(b, d, { transposeLeft: tb, transposeRight: true })
        : g.matmul(d, b, { transposeRight: !tb }),
    });
  if (!wants(right)) return;
  if (tb) give(right, { kind: "whole", by, gradient: g.matmul(d, a, { transposeLeft: true, transposeRight: ta }) });
  else if (ta) give(right, { kind: "whole", by, gradient: g.matmul(a, d) });
  else give(right, { kind: "product", by, left: a, right: d });
}

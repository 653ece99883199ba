import type { GraphBuilder, Value } from "./build.ts";
import type { Graph, Node } from "./graph.ts";
import { isSameShape } from "./shape.ts";

/** Of the operation `lstm` (graph.ts): x [T,B,F], w [F,4U], r [U,4U], b [4U], h [B,U], c [B,U]. */
export interface LstmParts {
  x: Value;
  w: Value;
  r: Value;
  b: Value;
  h: Value;
  c: Value;
}

/**
 * A long short-term memory written out step by step (Hochreiter & Schmidhuber 1997, with forget gates), gates in the order
 * input, forget, output, cell: three sigmoids are one operation on neighbours, and all steps' inputs are one product,
 * and an input that is the same at every step is multiplied once.
 * Gives the T hidden states [B,U] and the last cell.
 */
export function unrollLstm(g: GraphBuilder, { x, w, r, b, h, c }: LstmParts): { hidden: Value[]; cell: Value } {
  const [steps = 0, batch = 0, width = 0] = x.shape;
  const units = r.shape[0] ?? 0;
  const made = g.nodeOf(x);
  const from = made.op === "broadcast" ? g.valueAt(made.of[0] ?? -1) : x;
  const isRepeated = steps > 1 && isSameShape(from.shape, [1, batch, width]);
  const rows = isRepeated ? g.reshape(from, [batch, width]) : g.reshape(x, [steps * batch, width]);
  const inputs = g.add(g.matmul(rows, w), b);
  const hidden: Value[] = [];
  let [last, cell] = [h, c];
  for (let step = 0; step < steps; step++) {
    const z = g.add(g.matmul(last, r), isRepeated ? inputs : g.slice(inputs, 0, step * batch, batch));
    const gates = g.sigmoid(g.slice(z, 1, 0, 3 * units));
    const candidate = g.tanh(g.slice(z, 1, 3 * units, units));
    const [input, forget, output] = [0, 1, 2].map((k) => g.slice(gates, 1, k * units, units)) as [Value, Value, Value];
    cell = g.add(g.multiply(forget, cell), g.multiply(input, candidate));
    last = g.multiply(output, g.tanh(cell));
    hidden.push(last);
  }
  return { hidden, cell };
}

/** The same graph with every `lstm` node written out: for engines that have no such operator. */
export function lowerGraph(graph: Graph, g: GraphBuilder): Graph {
  if (!graph.nodes.some(({ op }) => op === "lstm")) return graph;
  const made: Value[] = [];
  const at = (place = -1): Value => made[place] as Value;
  for (const node of graph.nodes) made.push(remake(g, node, node.of.map(at)));
  const values = (places: Readonly<Record<string, number>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(places).map(([name, place]) => [name, at(place)]));
  return g.finish(values(graph.outputs), values(graph.updates));
}

function remake(g: GraphBuilder, node: Node, of: readonly Value[]): Value {
  const [a, b] = of as [Value, Value];
  switch (node.op) {
    case "input":
    case "state":
      return g[node.op](node.name, node.shape);
    case "constant":
      return g.constant(node.values.length === 1 ? (node.values[0] ?? 0) : node.values, node.shape);
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
      return g.binary(node.op, a, b);
    case "matmul":
      return g.matmul(a, b, node);
    case "transpose":
      return g.transpose(a, node.order);
    case "concat":
      return g.concat(of, node.axis);
    case "slice":
      return g.slice(a, node.axis, node.start, node.shape[node.axis] ?? 0);
    case "sum":
      return g.sum(a, node.axes);
    case "reshape":
    case "broadcast":
      return g[node.op](a, node.shape);
    case "softmax":
      return g.softmax(a);
    case "lstm": {
      const [x, w, r, bias, h, c] = of as [Value, Value, Value, Value, Value, Value];
      const { hidden, cell } = unrollLstm(g, { x, w, r, b: bias, h, c });
      const shape = [1, ...cell.shape];
      return g.concat(
        [...hidden, cell].map((value) => g.reshape(value, shape)),
        0,
      );
    }
    default:
      return g.unary(node.op, a);
  }
}

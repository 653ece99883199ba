import type { Graph, Node } from "../graph/graph.ts";
import type { Shape } from "../graph/shape.ts";
import type { Tensors } from "./engine.ts";
import { OnnxModel } from "./onnx-model.ts";

const OPERATORS = {
  negate: "Neg",
  exp: "Exp",
  log: "Log",
  sqrt: "Sqrt",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  relu: "Relu",
  abs: "Abs",
  sign: "Sign",
  add: "Add",
  subtract: "Sub",
  multiply: "Mul",
  divide: "Div",
} as const;

/** The names by which the emitted model takes and gives tensors. */
export const inputName = (name: string): string => `input ${name}`;
export const stateName = (name: string): string => `state ${name}`;
export const outputName = (name: string): string => `output ${name}`;
export const updateName = (name: string): string => `update ${name}`;

/**
 * The graph as the bytes of an ONNX model. Slices that cut a tensor whole become one Split, a sum with a product one Gemm,
 * and products of transposed factors one node, so that nothing is copied only to be turned. States that never change are
 * written into the model when `frozen` gives their numbers; ONNX Runtime then arranges them once.
 */
export function emitOnnx(graph: Graph, frozen?: Tensors): Uint8Array {
  const model = new OnnxModel();
  const names = namesOf(graph, frozen !== undefined);
  const uses = usesOf(graph);
  const emission: Emission = { model, graph, names, uses, fused: fusedProducts(graph, uses), done: new Set() };
  graph.nodes.forEach((node, place) => {
    if (node.op === "input") model.input(inputName(node.name), node.shape);
    else if (node.op === "state" && frozen && !(node.name in graph.updates))
      model.constant(stateName(node.name), frozen[node.name] ?? [], node.shape);
    else if (node.op === "state") model.input(stateName(node.name), node.shape);
    else emitNode(emission, node, place);
  });
  const given = [
    ...Object.entries(graph.outputs).map(([name, place]) => [outputName(name), place] as const),
    ...Object.entries(graph.updates).map(([name, place]) => [updateName(name), place] as const),
  ];
  for (const [name, place] of given) {
    if (names[place] !== name) model.node("Identity", [names[place] ?? ""], [name]);
    model.output(name, graph.nodes[place]?.shape ?? []);
  }
  return model.toBytes();
}

interface Emission {
  model: OnnxModel;
  graph: Graph;
  /** The tensor of each place. */
  names: readonly string[];
  /** The places that use each place. */
  uses: readonly (readonly number[])[];
  /** Products that are computed within the sum that alone uses them: place of the product → place of the sum. */
  fused: ReadonlyMap<number, number>;
  /** Slices that a Split before them has made. */
  done: Set<number>;
}

/** A computed node that is given out bears that name from the start, so that it is not copied. */
function namesOf(graph: Graph, isFrozen: boolean): string[] {
  const names = graph.nodes.map((node, place) => {
    if (node.op === "input") return inputName(node.name);
    if (node.op === "state") return stateName(node.name);
    return `t${place}`;
  });
  const claim = (name: string, place: number): void => {
    const op = graph.nodes[place]?.op;
    if (names[place] === `t${place}` && op !== "constant" && !isFrozen) names[place] = name;
  };
  for (const [name, place] of Object.entries(graph.updates)) claim(updateName(name), place);
  for (const [name, place] of Object.entries(graph.outputs)) claim(outputName(name), place);
  return names;
}

function usesOf(graph: Graph): number[][] {
  const uses = graph.nodes.map((): number[] => []);
  graph.nodes.forEach((node, place) => {
    for (const of of node.of) uses[of]?.push(place);
  });
  return uses;
}

/** matmul + c of the same shape, or a row of it, where nothing else uses the matmul: Gemm adds c on the way. */
function fusedProducts(graph: Graph, uses: readonly (readonly number[])[]): Map<number, number> {
  const given = new Set([...Object.values(graph.outputs), ...Object.values(graph.updates)]);
  const fused = new Map<number, number>();
  graph.nodes.forEach((node, place) => {
    if (node.op !== "add" || node.shape.length !== 2) return;
    const product = node.of.find((of) => {
      const { op, shape } = graph.nodes[of] as Node;
      return op === "matmul" && shape[0] === node.shape[0] && uses[of]?.length === 1 && !given.has(of);
    });
    if (product !== undefined) fused.set(product, place);
  });
  return fused;
}

function emitNode(emission: Emission, node: Node, place: number): void {
  const { model, names } = emission;
  const of = node.of.map((from) => names[from] ?? "");
  const out = [names[place] ?? ""];
  switch (node.op) {
    case "input":
    case "state":
      return;
    case "constant":
      model.constant(out[0] ?? "", node.values, node.shape);
      return;
    case "matmul":
      if (!emission.fused.has(place)) emitProduct(emission, node, out);
      return;
    case "add": {
      const product = node.of.find((from) => emission.fused.get(from) === place);
      if (product === undefined) return model.node("Add", of, out);
      const other = node.of[0] === product ? of[1] : of[0];
      return emitProduct(emission, emission.graph.nodes[product] as Node & { op: "matmul" }, out, other);
    }
    case "reshape":
      return model.node("Reshape", [...of, model.integers(node.shape)], out);
    case "broadcast":
      return model.node("Expand", [...of, model.integers(node.shape)], out);
    case "transpose":
      return model.node("Transpose", of, out, { perm: node.order });
    case "concat":
      return model.node("Concat", of, out, { axis: node.axis });
    case "sum":
      return model.node("ReduceSum", [...of, model.integers(node.axes)], out, { keepdims: 1 });
    case "softmax":
      return model.node("Softmax", of, out, { axis: -1 });
    case "slice":
      return emitSlice(emission, node, place);
    case "lstm":
      return emitLstm(emission, node, out[0] ?? "");
    default:
      return model.node(OPERATORS[node.op], of, out);
  }
}

function emitProduct({ model, names }: Emission, node: Node & { op: "matmul" }, out: string[], added?: string): void {
  const of = node.of.map((from) => names[from] ?? "");
  const flags = { transA: Number(node.transposeLeft), transB: Number(node.transposeRight) };
  if (node.shape.length === 2) {
    if (added === undefined && flags.transA + flags.transB === 0) model.node("MatMul", of, out);
    else model.node("Gemm", added === undefined ? of : [...of, added], out, flags);
  } else if (flags.transA + flags.transB === 0) model.node("MatMul", of, out);
  else model.node("FusedMatMul@com.microsoft", of, out, flags);
}

/** All slices of a tensor that lie one after another and leave nothing out are made at once, where the first is met. */
function emitSlice(emission: Emission, node: Node & { op: "slice" }, place: number): void {
  const { model, graph, names, uses, done } = emission;
  if (done.has(place)) return;
  const source = node.of[0] ?? -1;
  const all = [...new Set(uses[source])]
    .flatMap((use) => {
      const other = graph.nodes[use] as Node;
      return other.op === "slice" && other.axis === node.axis ? [{ use, start: other.start, shape: other.shape }] : [];
    })
    .sort((a, b) => a.start - b.start);
  const sizes = all.map(({ shape }) => shape[node.axis] ?? 0);
  const ends = sizes.map((size, index) => (all[index]?.start ?? 0) + size);
  const isWhole = all.every(({ start }, index) => start === (ends[index - 1] ?? 0));
  if (isWhole && ends.at(-1) === graph.nodes[source]?.shape[node.axis]) {
    const outputs = all.map(({ use }) => names[use] ?? "");
    model.node("Split", [names[source] ?? "", model.integers(sizes)], outputs, { axis: node.axis });
    for (const { use } of all) done.add(use);
  } else {
    const [start, size] = [node.start, node.shape[node.axis] ?? 0];
    const places = [[start], [start + size], [node.axis]].map((values) => model.integers(values));
    model.node("Slice", [names[source] ?? "", ...places], [names[place] ?? ""]);
  }
}

/** ONNX's LSTM takes its gates as input, output, forget, cell, and its weights the other way round. */
function emitLstm({ model, names }: Emission, node: Node, out: string): void {
  const [x = "", w = "", r = "", b = "", h = "", c = ""] = node.of.map((from) => names[from] ?? "");
  const [steps, batch, units] = [(node.shape[0] ?? 1) - 1, node.shape[1] ?? 0, node.shape[2] ?? 0];
  const reordered = (name: string, axis: number): string => {
    const gates = [0, 1, 2, 3].map((gate) => `${out} ${name} ${gate}`);
    model.node("Split", [name, model.integers([units, units, units, units])], gates, { axis });
    const order = [0, 2, 1, 3].map((gate) => gates[gate] ?? "");
    model.node("Concat", order, [`${out} ${name} gates`], { axis });
    return `${out} ${name} gates`;
  };
  const shaped = (name: string, shape: Shape, as = name): string => {
    model.node("Reshape", [name, model.integers(shape)], [`${out} shaped ${as}`]);
    return `${out} shaped ${as}`;
  };
  const turned = (name: string): string => {
    const gates = reordered(name, 1);
    model.node("Transpose", [gates], [`${gates} turned`], { perm: [1, 0] });
    model.node("Unsqueeze", [`${gates} turned`, model.integers([0])], [`${gates} in front`]);
    return `${gates} in front`;
  };
  const none = model.constant(`zeros ${4 * units}`, [0], [4 * units]);
  model.node("Concat", [reordered(b, 0), none], [`${out} biases`], { axis: 0 });
  const biases = shaped(`${out} biases`, [1, 8 * units]);
  const start = [shaped(h, [1, batch, units], "h"), shaped(c, [1, batch, units], "c")];
  const outputs = [`${out} all`, "", `${out} cell`];
  model.node("LSTM", [x, turned(w), turned(r), biases, "", ...start], outputs, { hidden_size: units });
  model.node("Concat", [shaped(`${out} all`, [steps, batch, units]), `${out} cell`], [out], { axis: 0 });
}

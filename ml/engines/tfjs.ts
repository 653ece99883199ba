import type * as Core from "@tensorflow/tfjs";
import { GraphBuilder } from "../graph/build.ts";
import { shapesOf, type Graph, type Node } from "../graph/graph.ts";
import { lowerGraph } from "../graph/unroll-lstm.ts";
import {
  checkStates,
  checkTensors,
  checkWrite,
  type Engine,
  type Numbers,
  type Program,
  type Tensors,
} from "./engine.ts";

type Tensor = Core.Tensor;

/** TensorFlow.js: one operation, one call of `tf`. Its own gradients and layers are not used. */
export async function loadTfjsEngine(): Promise<Engine> {
  const { tf, version } = await loadTensorflow();
  return {
    name: "tfjs",
    version,
    async compile(graph, states, { frozen = false } = {}) {
      checkStates(graph, states);
      return createProgram(tf, lowerGraph(graph, new GraphBuilder()), states, frozen);
    },
  };
}

/** The native binding where the user has installed it, else TensorFlow.js on its own in this process. */
async function loadTensorflow(): Promise<{ tf: typeof Core; version: string }> {
  const native = await loadNative();
  if (native) return { tf: native, version: `@tensorflow/tfjs-node ${native.version_core}` };
  const tf = await import("@tensorflow/tfjs");
  tf.enableProdMode(); // else it advertises its native binding at the first operation
  await tf.setBackend("cpu");
  return { tf, version: `@tensorflow/tfjs ${tf.version.tfjs} (cpu)` };
}

async function loadNative(): Promise<typeof Core | undefined> {
  // It calls two functions that Node 24 no longer has.
  const util = (await import("node:util")).default as unknown as Record<string, unknown>;
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  // Its name is a value, because it is not installed where this is compiled.
  const name = "@tensorflow/tfjs-node";
  try {
    return ((await import(name)) as { default?: typeof Core }).default;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

function createProgram(tf: typeof Core, graph: Graph, states: Tensors, frozen: boolean): Program {
  const shapes = { input: shapesOf(graph, "input"), state: shapesOf(graph, "state") };
  const tensorOf = (values: Numbers, shape: readonly number[]): Tensor =>
    tf.tensor(Float32Array.from(values), [...shape], "float32");
  const now = new Map<string, Tensor>();
  const set = (tensors: Tensors): void => {
    for (const [name, shape] of Object.entries(shapes.state)) {
      const values = tensors[name];
      if (!values) continue;
      now.get(name)?.dispose();
      now.set(name, tf.keep(tensorOf(values, shape)));
    }
  };
  set(states);

  return {
    async run(inputs) {
      checkTensors("input", inputs, shapes.input);
      const given = tf.tidy(() => {
        const made: Tensor[] = [];
        for (const node of graph.nodes) made.push(computeNode(tf, node, made, inputs, now, tensorOf));
        const pick = (places: Readonly<Record<string, number>>): [string, Tensor][] =>
          Object.entries(places).map(([name, place]) => [name, tf.keep(tf.clone(made[place] as Tensor))]);
        return { outputs: pick(graph.outputs), updates: pick(graph.updates) };
      });
      for (const [name, tensor] of given.updates) {
        now.get(name)?.dispose();
        now.set(name, tensor);
      }
      const outputs = await numbersOf(given.outputs);
      for (const [, tensor] of given.outputs) tensor.dispose();
      return outputs;
    },
    read: () => numbersOf([...now]),
    async write(tensors) {
      checkWrite(graph, tensors, frozen);
      set(tensors);
    },
    async close() {
      for (const tensor of now.values()) tensor.dispose();
      now.clear();
    },
  };
}

async function numbersOf(tensors: [string, Tensor][]): Promise<Record<string, Numbers>> {
  const read = tensors.map(async ([name, tensor]) => [name, Float32Array.from(await tensor.data())] as const);
  return Object.fromEntries(await Promise.all(read));
}

function computeNode(
  tf: typeof Core,
  node: Node,
  made: readonly Tensor[],
  inputs: Tensors,
  states: ReadonlyMap<string, Tensor>,
  tensorOf: (values: Numbers, shape: readonly number[]) => Tensor,
): Tensor {
  const [a, b] = node.of.map((place) => made[place]) as [Tensor, Tensor];
  const shape = [...node.shape];
  switch (node.op) {
    case "input":
      return tensorOf(inputs[node.name] as Numbers, shape);
    case "state":
      return states.get(node.name) as Tensor;
    case "constant":
      return node.values.length === 1 ? tf.fill(shape, node.values[0] ?? 0) : tensorOf(node.values, shape);
    case "negate":
      return tf.neg(a);
    case "subtract":
      return tf.sub(a, b);
    case "multiply":
      return tf.mul(a, b);
    case "divide":
      return tf.div(a, b);
    case "add":
      return tf.add(a, b);
    case "reshape":
      return tf.reshape(a, shape);
    case "broadcast":
      return tf.broadcastTo(a, shape);
    case "softmax":
      return tf.softmax(a, -1);
    case "matmul":
      return tf.matMul(a, b, node.transposeLeft, node.transposeRight);
    case "transpose":
      return tf.transpose(a, [...node.order]);
    case "concat":
      return tf.concat(
        node.of.map((place) => made[place] as Tensor),
        node.axis,
      );
    case "slice":
      return tf.slice(
        a,
        shape.map((_, axis) => (axis === node.axis ? node.start : 0)),
        shape,
      );
    case "sum":
      return tf.sum(a, [...node.axes], true);
    case "lstm":
      throw new TypeError("lstm is written out before");
    default:
      return tf[node.op](a);
  }
}

import { GraphBuilder } from "../graph/build.ts";
import { shapesOf, type Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import { lowerGraph } from "../graph/unroll-lstm.ts";
import { checkStates, checkTensors, checkWrite, type Engine, type Numbers, type Program } from "./engine.ts";
import { kernelOf, type Kernel } from "./plain-kernels.ts";

/**
 * The reference: each operation as a loop in TypeScript. In float64 it is what gradients are checked on and what the other
 * engines are held against; in float32 every operation's result is rounded, sums inside one are not.
 */
export function createPlainEngine(precision: "float32" | "float64" = "float32"): Engine {
  const Kind = precision === "float32" ? Float32Array : Float64Array;
  return {
    name: "plain",
    version: `plain ${precision}`,
    async compile(graph, states, { frozen = false } = {}) {
      checkStates(graph, states);
      return createProgram(lowerGraph(graph, new GraphBuilder()), graph, states, Kind, frozen);
    },
  };
}

function createProgram(
  graph: Graph,
  given: Graph,
  states: Readonly<Record<string, Numbers>>,
  Kind: Float32ArrayConstructor | Float64ArrayConstructor,
  frozen: boolean,
): Program {
  const buffers = graph.nodes.map((node) => new Kind(sizeOf(node.shape)) as Numbers);
  const at = (place: number): Numbers => buffers[place] as Numbers;
  const placeOf = (kind: "input" | "state"): [string, number][] =>
    graph.nodes.flatMap((node, place) => (node.op === kind ? [[node.name, place] as [string, number]] : []));
  const [inputs, kept] = [placeOf("input"), placeOf("state")];
  const steps: (() => void)[] = [];
  graph.nodes.forEach((node, place) => {
    if (node.op === "input" || node.op === "state") return;
    const kernel: Kernel = kernelOf(
      node,
      node.of.map((of) => graph.nodes[of]?.shape ?? []),
    );
    const of = node.of.map(at);
    const step = (): void => kernel(at(place), of);
    if (node.op === "constant") step();
    else steps.push(step);
  });
  const set = (tensors: Readonly<Record<string, Numbers>>): void => {
    for (const [name, place] of kept) if (tensors[name]) at(place).set(tensors[name]);
  };
  set(states);
  return {
    async run(tensors) {
      checkTensors("input", tensors, shapesOf(graph, "input"));
      for (const [name, place] of inputs) at(place).set(tensors[name] as Numbers);
      for (const step of steps) step();
      const outputs = Object.fromEntries(
        Object.entries(graph.outputs).map(([name, place]) => [name, at(place).slice()]),
      );
      // All are computed before any moves: an update may read other states.
      set(Object.fromEntries(Object.entries(graph.updates).map(([name, place]) => [name, at(place).slice()])));
      return outputs;
    },
    read: async () => Object.fromEntries(kept.map(([name, place]) => [name, at(place).slice()])),
    async write(tensors) {
      checkWrite(given, tensors, frozen);
      set(tensors);
    },
    close: async () => undefined,
  };
}

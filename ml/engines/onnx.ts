import type * as Runtime from "onnxruntime-node";
import { MlError } from "../errors.ts";
import { shapesOf, type Graph } from "../graph/graph.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";
import { emitOnnx, inputName, outputName, stateName, updateName } from "./emit-onnx.ts";
import {
  checkStates,
  checkTensors,
  checkWrite,
  type Engine,
  type Numbers,
  type Program,
  type Tensors,
} from "./engine.ts";

type Session = Runtime.InferenceSession;
type Tensor = Runtime.Tensor;

/**
 * ONNX Runtime, native. Training is an ordinary session too: states go in, their updates come out, into buffers that take
 * turns, so that a step allocates nothing but its outputs. One thread for each session: fastest for graphs of this size, and
 * the same bits every time. `run` computes on the thread that calls it; use a worker (thread.ts) where that must not wait.
 */
export async function loadOnnxEngine(): Promise<Engine> {
  const runtime = await import("onnxruntime-node");
  return {
    name: "onnx",
    version: `onnxruntime-node ${runtime.env.versions.node ?? runtime.env.versions.common}`,
    async compile(graph, states, { frozen = false } = {}) {
      checkStates(graph, states);
      const bytes = emitOnnx(graph, frozen ? asFloats(states) : undefined);
      const session = await openSession(runtime, bytes);
      return createProgram(runtime, session, graph, states, frozen);
    },
  };
}

function refuseRun(cause: unknown): never {
  throw new MlError("ENGINE_FAILED", { engine: "onnx", detail: "ONNX Runtime could not run the graph." }, cause);
}

async function openSession(runtime: typeof Runtime, bytes: Uint8Array): Promise<Session> {
  try {
    return await runtime.InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new MlError("ENGINE_FAILED", { engine: "onnx", detail: "ONNX Runtime refuses the graph." }, cause);
  }
}

const asFloats = (tensors: Tensors): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, Float32Array.from(values)]));

function createProgram(
  runtime: typeof Runtime,
  session: Session,
  graph: Graph,
  states: Tensors,
  frozen: boolean,
): Program {
  const shapes = { input: shapesOf(graph, "input"), state: shapesOf(graph, "state") };
  const tensorOf = (values: Numbers, shape: Shape): Tensor =>
    new runtime.Tensor("float32", values instanceof Float32Array ? values : Float32Array.from(values), [...shape]);
  const entries = Object.entries(shapes.state);
  const now = new Map(entries.map(([name, shape]) => [name, tensorOf(Float32Array.from(states[name] ?? []), shape)]));
  // Two buffers for each state that moves: one is read while the other is written.
  const next = new Map(
    Object.keys(graph.updates).map((name) => {
      const shape = shapes.state[name] ?? [];
      return [name, tensorOf(new Float32Array(sizeOf(shape)), shape)];
    }),
  );
  const outputs = Object.keys(graph.outputs);
  // What is frozen is in the session already.
  const wanted = new Set(session.inputNames);

  return {
    async run(inputs) {
      checkTensors("input", inputs, shapes.input);
      const feeds: Record<string, Tensor> = {};
      for (const [name, shape] of Object.entries(shapes.input))
        feeds[inputName(name)] = tensorOf(inputs[name] as Numbers, shape);
      for (const [name, tensor] of now) if (wanted.has(stateName(name))) feeds[stateName(name)] = tensor;
      const fetches: Record<string, Tensor | null> = {};
      for (const name of outputs) fetches[outputName(name)] = null;
      for (const [name, tensor] of next) fetches[updateName(name)] = tensor;
      const given = await session.run(feeds, fetches).catch(refuseRun);
      for (const [name, tensor] of next) {
        next.set(name, now.get(name) as Tensor);
        now.set(name, tensor);
      }
      return Object.fromEntries(outputs.map((name) => [name, given[outputName(name)]?.data as Float32Array]));
    },
    read: async () =>
      asFloats(Object.fromEntries([...now].map(([name, tensor]) => [name, tensor.data as Float32Array]))),
    async write(tensors) {
      checkWrite(graph, tensors, frozen);
      for (const [name, values] of Object.entries(tensors)) (now.get(name)?.data as Float32Array).set(values);
    },
    close: () => session.release(),
  };
}

import { MlError } from "../errors.ts";
import { shapesOf, type Graph } from "../graph/graph.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";

export const ENGINE_NAMES = ["onnx", "tfjs", "plain"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

export type Numbers = Float32Array | Float64Array;
/** Tensors by name, in row order; their shapes are the graph's. */
export type Tensors = Readonly<Record<string, Numbers>>;

export interface CompileOptions {
  /**
   * States that the graph has no update for will never change, as weights in inference: the engine may prepare them. To `write`
   * them is then refused.
   */
  frozen?: boolean;
}

/** What runs graphs. One graph gives the same numbers on every engine, within float32's rounding. */
export interface Engine {
  readonly name: EngineName;
  /** What ran, for cards and scores: `onnxruntime-node 1.27.0`. */
  readonly version: string;
  /** @throws GRAPH_INVALID where states are missing or of another size; ENGINE_FAILED where the engine refuses the graph */
  compile(graph: Graph, states: Tensors, options?: CompileOptions): Promise<Program>;
}

/** A graph that is ready to run, with its states. Runs of one program never overlap: await each. */
export interface Program {
  /** Runs once: inputs in, outputs out, and the states move on by the graph's updates. What it returns is the caller's. */
  run(inputs: Tensors): Promise<Record<string, Numbers>>;
  /** Copies of the states as they are now. */
  read(): Promise<Record<string, Numbers>>;
  /** Replaces the states that are named. */
  write(states: Tensors): Promise<void>;
  /** Frees what the engine holds. */
  close(): Promise<void>;
}

/** Holds tensors against the shapes they should have. @throws GRAPH_INVALID naming the first that is missing or too short */
export function checkTensors(what: string, tensors: Tensors, shapes: Readonly<Record<string, Shape>>): void {
  for (const [name, shape] of Object.entries(shapes)) {
    const length = tensors[name]?.length;
    if (length !== sizeOf(shape))
      throw new MlError("GRAPH_INVALID", {
        name,
        detail: `The ${what} ${name} has ${length ?? "no"} numbers and needs ${sizeOf(shape)}, [${shape.join(", ")}].`,
      });
  }
}

export const checkStates = (graph: Graph, states: Tensors): void =>
  checkTensors("state", states, shapesOf(graph, "state"));

/** @throws GRAPH_INVALID where one of them is not a state, or is frozen */
export function checkWrite(graph: Graph, states: Tensors, frozen: boolean): void {
  const shapes = shapesOf(graph, "state");
  const unknown = Object.keys(states).find((name) => !(name in shapes));
  if (unknown !== undefined)
    throw new MlError("GRAPH_INVALID", { name: unknown, detail: `The graph has no state ${unknown}.` });
  const still = frozen ? Object.keys(states).find((name) => !(name in graph.updates)) : undefined;
  if (still !== undefined)
    throw new MlError("GRAPH_INVALID", { name: still, detail: `The state ${still} was compiled to stay as it is.` });
  checkTensors("state", states, Object.fromEntries(Object.keys(states).map((name) => [name, shapes[name] ?? []])));
}

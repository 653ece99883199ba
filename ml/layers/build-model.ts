import { MlError } from "../errors.ts";
import { GraphBuilder, type Value } from "../graph/build.ts";
import { shapesOf, type Graph } from "../graph/graph.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";
import type { Architecture, Layer } from "./architecture.ts";
import { attention, dense, dropout, embedding, lstm, normalise, pool, repeat } from "./layers.ts";
import type { Mask, Parameter, Scope } from "./scope.ts";

/** A model in a graph that can still grow: losses and gradients are put on top. */
export interface BuiltModel {
  readonly g: GraphBuilder;
  /** Inputs and layers by name, each [batch, ..]. */
  readonly values: ReadonlyMap<string, Value>;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly Mask[];
  /** What a stream carries from run to run: the next values of states by name. */
  readonly carried: Readonly<Record<string, Value>>;
}

export interface BuildOptions {
  /** Examples at once. */
  batch: number;
  /** With dropout, and with what gradients need. */
  isTraining: boolean;
  /** Recurrent layers go on from where the run before left them, instead of from zeros. */
  isStream?: boolean;
}

/** More numbers than this are no model of ours, whatever a file says. */
const MOST_PARAMETERS = 2 ** 26;

/** These see all steps of a window at once: out of a stream they would be told another thing. */
const WHOLE_WINDOW = new Set(["attention", "repeat", "pool", "flatten"]);

/**
 * @throws SHAPE_MISMATCH where layers do not fit; ARCHITECTURE_INVALID where it would be too large, or as a stream has a layer that
 *   needs whole windows
 */
export function buildModel(architecture: Architecture, options: BuildOptions): BuiltModel {
  const { batch, isTraining, isStream = false } = options;
  const g = new GraphBuilder();
  const values = new Map<string, Value>();
  const parameters: Parameter[] = [];
  const masks: Mask[] = [];
  const carried: Record<string, Value> = {};
  let size = 0;
  const scopeOf = (layer: string): Scope => ({
    g,
    isTraining,
    parameter(name, shape, start) {
      size += sizeOf(shape);
      if (size > MOST_PARAMETERS)
        throw new MlError("ARCHITECTURE_INVALID", { detail: `It has more than ${MOST_PARAMETERS} parameters.` });
      const parameter = { name: `${layer}/${name}`, value: g.state(`${layer}/${name}`, shape), start };
      parameters.push(parameter);
      return parameter.value;
    },
    mask(shape: Shape, rate: number) {
      masks.push({ name: `mask of ${layer}`, shape, rate });
      return g.input(`mask of ${layer}`, shape);
    },
    carried: (name, shape) => (isStream ? g.state(`${layer}/${name}`, shape) : g.constant(0, shape)),
    carryOn(name, value) {
      if (isStream) carried[`${layer}/${name}`] = value;
    },
  });
  const valueOf = (name: string): Value => {
    const value = values.get(name);
    if (!value) throw new MlError("ARCHITECTURE_INVALID", { detail: `${name} is not there.` });
    return value;
  };
  for (const [name, shape] of Object.entries(architecture.inputs)) values.set(name, g.input(name, [batch, ...shape]));
  const whole = isStream ? architecture.layers.find(({ kind }) => WHOLE_WINDOW.has(kind)) : undefined;
  if (whole)
    throw new MlError("ARCHITECTURE_INVALID", {
      detail: `${whole.name} needs whole windows and cannot be in a stream.`,
    });
  for (const layer of architecture.layers)
    values.set(layer.name, makeLayer(scopeOf(layer.name), layer, [layer.of].flat().map(valueOf)));
  return { g, values, parameters, masks, carried };
}

function makeLayer(scope: Scope, layer: Layer, of: readonly Value[]): Value {
  const { g } = scope;
  const x = of[0] as Value;
  switch (layer.kind) {
    case "dense":
      return dense(scope, x, layer.units, layer.activation);
    case "lstm":
      return lstm(scope, x, layer.units, layer.gives);
    case "normalise":
      return normalise(scope, x);
    case "attention":
      return attention(scope, x, layer.heads);
    case "dropout":
      return dropout(scope, x, layer.rate);
    case "embedding":
      return embedding(scope, x, layer.categories, layer.size);
    case "repeat":
      return repeat(g, x, layer.times);
    case "pool":
      return pool(g, x);
    case "flatten":
      return g.reshape(x, [x.shape[0] ?? 1, sizeOf(x.shape.slice(1))]);
    case "add":
      return of.reduce((sum, next) => g.add(sum, next));
    case "concat":
      return g.concat(of, -1);
  }
}

/** The graph that runs a model: its inputs in, its outputs out. */
export function buildInference(architecture: Architecture, batch: number): Graph {
  return finish(architecture, buildModel(architecture, { batch, isTraining: false }));
}

/**
 * The same for a stream: the windows of `inputs` are as long as what comes at once, one step or some, and recurrent layers go on
 * from run to run. What they carry are states of the graph, zeros at first (`stillStates`), so that `read` and `write` keep and
 * restore a stream. Many short runs give what one long one gives.
 */
export function buildStream(architecture: Architecture, batch: number): Graph {
  return finish(architecture, buildModel(architecture, { batch, isTraining: false, isStream: true }));
}

/** What a stream's states are before its first run. */
export function stillStates(graph: Graph): Record<string, Float32Array> {
  const moving = Object.entries(shapesOf(graph, "state")).filter(([name]) => name in graph.updates);
  return Object.fromEntries(moving.map(([name, shape]) => [name, new Float32Array(sizeOf(shape))]));
}

function finish({ outputs }: Architecture, { g, values, carried }: BuiltModel): Graph {
  return g.finish(Object.fromEntries(outputs.map((name) => [name, values.get(name) as Value])), carried);
}

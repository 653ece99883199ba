import { MlError } from "../errors.ts";
import { GraphBuilder, type Value } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
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
}

export interface BuildOptions {
  /** Examples at once. */
  batch: number;
  /** With dropout, and with what gradients need. */
  isTraining: boolean;
}

/** More numbers than this are no model of ours, whatever a file says. */
const MOST_PARAMETERS = 2 ** 26;

/** @throws SHAPE_MISMATCH where layers do not fit; ARCHITECTURE_INVALID where it would be too large */
export function buildModel(architecture: Architecture, { batch, isTraining }: BuildOptions): BuiltModel {
  const g = new GraphBuilder();
  const values = new Map<string, Value>();
  const parameters: Parameter[] = [];
  const masks: Mask[] = [];
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
  });
  const valueOf = (name: string): Value => {
    const value = values.get(name);
    if (!value) throw new MlError("ARCHITECTURE_INVALID", { detail: `${name} is not there.` });
    return value;
  };
  for (const [name, shape] of Object.entries(architecture.inputs)) values.set(name, g.input(name, [batch, ...shape]));
  for (const layer of architecture.layers)
    values.set(layer.name, makeLayer(scopeOf(layer.name), layer, [layer.of].flat().map(valueOf)));
  return { g, values, parameters, masks };
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
  const { g, values } = buildModel(architecture, { batch, isTraining: false });
  return g.finish(Object.fromEntries(architecture.outputs.map((name) => [name, values.get(name) as Value])));
}

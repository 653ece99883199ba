import type { GraphBuilder, Value } from "../graph/build.ts";
import { sizeOf, type Shape } from "../graph/shape.ts";
import { createRandom } from "../random.ts";
import type { Tensors } from "../engines/engine.ts";

/**
 * How a parameter begins: `glorot` uniform in ±√(6 / (in + out)) of its last two axes (Glorot & Bengio 2010); `forget` zero
 * but one in the second quarter, a recurrent layer's forget gates (Jozefowicz et al. 2015); or filled with a number.
 */
export type Start = "glorot" | "forget" | number;

export interface Parameter {
  readonly name: string;
  readonly value: Value;
  readonly start: Start;
}

/** A mask of dropout: an input of the graph, filled anew at every step by `drawMask`. */
export interface Mask {
  readonly name: string;
  readonly shape: Shape;
  /** Which share of the units is dropped, in (0, 1). */
  readonly rate: number;
}

/** What a layer is made in. Names are the layer's own; the scope puts the layer's name before them. */
export interface Scope {
  readonly g: GraphBuilder;
  readonly isTraining: boolean;
  parameter(name: string, shape: Shape, start: Start): Value;
  mask(shape: Shape, rate: number): Value;
  /** What the layer was left with after the run before, in a stream; else zeros. */
  carried(name: string, shape: Shape): Value;
  /** What the next run of a stream is to be given as `carried`. */
  carryOn(name: string, value: Value): void;
}

/** The numbers that parameters begin with: the same for a seed and a name, whatever else the model has. */
export function drawParameters(parameters: readonly Parameter[], seed: string): Record<string, Float32Array> {
  const drawn = parameters.map(({ name, value, start }) => [name, drawStart(value.shape, start, `${seed}/${name}`)]);
  return Object.fromEntries(drawn) as Record<string, Float32Array>;
}

function drawStart(shape: Shape, start: Start, seed: string): Float32Array {
  const size = sizeOf(shape);
  if (typeof start === "number") return new Float32Array(size).fill(start);
  if (start === "forget")
    return Float32Array.from({ length: size }, (_, i) => Number(Math.floor((4 * i) / size) === 1));
  const random = createRandom(seed);
  const limit = Math.sqrt(6 / ((shape.at(-2) ?? 1) + (shape.at(-1) ?? 1)));
  return Float32Array.from({ length: size }, () => (2 * random.uniform() - 1) * limit);
}

/**
 * The masks of one training step: 0 where a unit is dropped, else 1 / (1 - rate). They depend on the seed, the step and the
 * mask's name alone, so that every engine, and a training that was resumed, drops the same units.
 */
export function drawMasks(masks: readonly Mask[], seed: string, step: number): Tensors {
  return Object.fromEntries(
    masks.map(({ name, shape, rate }) => {
      const random = createRandom(`${seed}/${name}/${step}`);
      const kept = 1 / (1 - rate);
      return [name, Float32Array.from({ length: sizeOf(shape) }, () => (random.uniform() < rate ? 0 : kept))];
    }),
  );
}

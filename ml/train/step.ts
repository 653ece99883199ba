import type { Tensors } from "../engines/engine.ts";
import type { GraphBuilder, Value } from "../graph/build.ts";
import { differentiate } from "../graph/differentiate.ts";
import type { Graph } from "../graph/graph.ts";
import { sizeOf } from "../graph/shape.ts";
import type { Architecture } from "../layers/architecture.ts";
import { buildModel } from "../layers/build-model.ts";
import { drawParameters, type Mask, type Parameter } from "../layers/scope.ts";
import { addLosses, type Loss } from "./losses.ts";

export interface StepOptions {
  architecture: Architecture;
  losses: readonly Loss[];
  batch: number;
  /** Gradients longer than this, all parameters together, are cut to it; none are without it. */
  clip?: number | undefined;
}

/** One training step as a graph: the parameters and Adam's two moments are its states, and it moves them itself. */
export interface TrainingStep {
  readonly graph: Graph;
  readonly parameters: readonly Parameter[];
  readonly masks: readonly Mask[];
}

const FIRST = 0.9;
const SECOND = 0.999;
const EPSILON = 1e-8;
export const firstMoment = (parameter: string): string => `first moment of ${parameter}`;
export const secondMoment = (parameter: string): string => `second moment of ${parameter}`;

/**
 * Loss, gradients and Adam (Kingma & Ba 2015) in one graph. It gives `loss`, and `norm`, the gradient's length before it is cut.
 */
export function buildStep({ architecture, losses, batch, clip }: StepOptions): TrainingStep {
  const model = buildModel(architecture, { batch, isTraining: true });
  const { g, parameters, masks } = model;
  const loss = addLosses(model, losses, batch);
  const gradients = differentiate(
    g,
    loss,
    parameters.map(({ value }) => value),
  );
  const [rate, epsilon] = [g.input("rate", []), g.input("epsilon", [])];
  const norm = clip === undefined ? undefined : lengthOf(g, gradients);
  // min(1, clip / norm)
  const factor = norm && g.subtract(1, g.relu(g.subtract(1, g.divide(clip ?? 1, g.add(norm, 1e-12)))));
  const updates: Record<string, Value> = {};
  parameters.forEach(({ name, value }, index) => {
    const whole = gradients[index] as Value;
    const gradient = factor ? g.multiply(whole, factor) : whole;
    const first = g.state(firstMoment(name), value.shape);
    const second = g.state(secondMoment(name), value.shape);
    const nextFirst = g.add(g.multiply(first, FIRST), g.multiply(gradient, 1 - FIRST));
    const nextSecond = g.add(g.multiply(second, SECOND), g.multiply(g.multiply(gradient, gradient), 1 - SECOND));
    const step = g.divide(g.multiply(nextFirst, rate), g.add(g.sqrt(nextSecond), epsilon));
    Object.assign(updates, {
      [name]: g.subtract(value, step),
      [firstMoment(name)]: nextFirst,
      [secondMoment(name)]: nextSecond,
    });
  });
  return { graph: g.finish({ loss, ...(norm && { norm }) }, updates), parameters, masks };
}

function lengthOf(g: GraphBuilder, gradients: readonly Value[]): Value {
  const squares = gradients.map((gradient) => g.reshape(g.sum(g.multiply(gradient, gradient)), []));
  return g.sqrt(squares.reduce((sum, next) => g.add(sum, next)));
}

/** What the graph's scalars are at step `count`, counted from 1: Adam's corrections for moments that began at zero. */
export function stepScalars(rate: number, count: number): Tensors {
  const [first, second] = [1 - FIRST ** count, Math.sqrt(1 - SECOND ** count)];
  return { rate: Float32Array.of((rate * second) / first), epsilon: Float32Array.of(EPSILON * second) };
}

/** The states that a training begins with. */
export function startStates({ parameters }: TrainingStep, seed: string): Record<string, Float32Array> {
  const states = drawParameters(parameters, seed);
  for (const { name, value } of parameters)
    for (const moment of [firstMoment(name), secondMoment(name)])
      states[moment] = new Float32Array(sizeOf(value.shape));
  return states;
}

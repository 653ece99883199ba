import type { GraphBuilder, Value } from "../graph/build.ts";
import { refuseShapes, sizeOf } from "../graph/shape.ts";
import { unrollLstm } from "../graph/unroll-lstm.ts";
import type { Scope } from "./scope.ts";

// Every layer takes and gives batches: the first axis counts examples.

export const ACTIVATIONS = ["linear", "relu", "tanh", "sigmoid"] as const;
export type Activation = (typeof ACTIVATIONS)[number];

export const activate = (g: GraphBuilder, x: Value, activation: Activation): Value =>
  activation === "linear" ? x : g.unary(activation, x);

/** [.., F] → [.., units]: f(x·W + b) along the last axis. */
export function dense(scope: Scope, x: Value, units: number, activation: Activation = "linear"): Value {
  const { g } = scope;
  const width = x.shape.at(-1) ?? 1;
  const w = scope.parameter("weights", [width, units], "glorot");
  const b = scope.parameter("biases", [units], 0);
  const product = g.matmul(g.reshape(x, [sizeOf(x.shape) / width, width]), w);
  return g.reshape(activate(g, g.add(product, b), activation), [...x.shape.slice(0, -1), units]);
}

/**
 * [B,T,F] → [B,T,units], or [B,units] of the last step. Written out step by step where gradients are wanted, one operator
 * where not: for a single window that is ten times faster.
 */
export function lstm(scope: Scope, x: Value, units: number, gives: "sequence" | "last"): Value {
  const { g } = scope;
  const [batch = 0, steps = 0, width = 0] = x.shape;
  if (x.shape.length !== 3) refuseShapes("lstm", [x.shape], "not [batch, steps, signals]");
  const parts = {
    x: g.transpose(x, [1, 0, 2]),
    w: scope.parameter("input weights", [width, 4 * units], "glorot"),
    r: scope.parameter("recurrent weights", [units, 4 * units], "glorot"),
    b: scope.parameter("biases", [4 * units], "forget"),
    h: scope.carried("hidden", [batch, units]),
    c: scope.carried("cell", [batch, units]),
  };
  const inOrder = (stacked: Value): Value => g.transpose(g.reshape(stacked, [steps, batch, units]), [1, 0, 2]);
  if (scope.isTraining) {
    const { hidden } = unrollLstm(g, parts);
    return gives === "last" ? (hidden.at(-1) ?? parts.h) : inOrder(g.concat(hidden, 0));
  }
  const all = g.lstm(parts.x, parts.w, parts.r, parts.b, parts.h, parts.c);
  const last = g.reshape(g.slice(all, 0, steps - 1, 1), [batch, units]);
  scope.carryOn("hidden", last);
  scope.carryOn("cell", g.reshape(g.slice(all, 0, steps, 1), [batch, units]));
  if (gives === "last") return last;
  return inOrder(g.slice(all, 0, 0, steps));
}

const EPSILON = 1e-5;

/** [.., F]: mean 0 and variance 1 along the last axis, then a gain and an offset of its own for each (Ba et al. 2016). */
export function normalise(scope: Scope, x: Value): Value {
  const { g } = scope;
  const width = x.shape.at(-1) ?? 1;
  const centred = g.subtract(x, g.mean(x, [-1]));
  const variance = g.mean(g.multiply(centred, centred), [-1]);
  const scaled = g.multiply(centred, g.divide(1, g.sqrt(g.add(variance, EPSILON))));
  return g.add(g.multiply(scaled, scope.parameter("gain", [width], 1)), scope.parameter("offset", [width], 0));
}

/** [B,T,F] → [B,T,F]: every step looks at all steps, in `heads` subspaces (Vaswani et al. 2017). No masks: windows are whole. */
export function attention(scope: Scope, x: Value, heads: number): Value {
  const { g } = scope;
  const [batch = 0, steps = 0, width = 0] = x.shape;
  if (x.shape.length !== 3 || width % heads !== 0)
    refuseShapes("attention", [x.shape], `not [batch, steps, a multiple of ${heads} heads]`);
  const size = width / heads;
  const flat = g.reshape(x, [batch * steps, width]);
  const project = (name: string): Value => {
    const projected = g.matmul(flat, scope.parameter(name, [width, width], "glorot"));
    return g.transpose(g.reshape(projected, [batch, steps, heads, size]), [0, 2, 1, 3]);
  };
  const [query, key, value] = [project("query"), project("key"), project("value")];
  const scores = g.matmul(g.multiply(query, 1 / Math.sqrt(size)), key, { transposeRight: true });
  const seen = g.transpose(g.matmul(g.softmax(scores), value), [0, 2, 1, 3]);
  const out = g.matmul(g.reshape(seen, [batch * steps, width]), scope.parameter("output", [width, width], "glorot"));
  return g.reshape(out, [batch, steps, width]);
}

/** In training, drops units and scales up the rest; one mask for all steps of a sequence (Gal & Ghahramani 2016). */
export function dropout(scope: Scope, x: Value, rate: number): Value {
  if (!scope.isTraining || rate === 0) return x;
  const shape = x.shape.map((extent, axis) => (axis === 0 || axis === x.shape.length - 1 ? extent : 1));
  return scope.g.multiply(x, scope.mask(shape, rate));
}

/**
 * [..] whole numbers from 0 → [.., size]: a row of a table for each category; zeros for what is none of them, so that a
 * value never seen in training says nothing rather than something wrong.
 */
export function embedding(scope: Scope, x: Value, categories: number, size: number): Value {
  const { g } = scope;
  const table = scope.parameter("table", [categories, size], "glorot");
  const count = sizeOf(x.shape);
  const numbers = g.constant(
    Float64Array.from({ length: categories }, (_, i) => i),
    [1, categories],
  );
  // 1 where they are equal, 0 a whole number or more apart.
  const chosen = g.relu(g.subtract(1, g.abs(g.subtract(g.reshape(x, [count, 1]), numbers))));
  return g.reshape(g.matmul(chosen, table), [...x.shape, size]);
}

/** [B,F] → [B,times,F]: the same at every step. */
export function repeat(g: GraphBuilder, x: Value, times: number): Value {
  const [batch = 0, width = 0] = x.shape;
  if (x.shape.length !== 2) refuseShapes("repeat", [x.shape], "not [batch, signals]");
  return g.broadcast(g.reshape(x, [batch, 1, width]), [batch, times, width]);
}

/** [B,T,F] → [B,F]: the mean of all steps. */
export function pool(g: GraphBuilder, x: Value): Value {
  const [batch = 0, , width = 0] = x.shape;
  if (x.shape.length !== 3) refuseShapes("pool", [x.shape], "not [batch, steps, signals]");
  return g.reshape(g.mean(x, [1]), [batch, width]);
}

import { MlError } from "../errors.ts";
import type { Binary, Graph, Node, Operation, Unary } from "./graph.ts";
import {
  axisOf,
  broadcastShapes,
  checkShape,
  isSameShape,
  matmulShape,
  refuseShapes,
  sizeOf,
  type Shape,
} from "./shape.ts";

/** A tensor in a graph that is being built. */
export interface Value {
  readonly id: number;
  readonly shape: Shape;
}

/**
 * Builds a graph. Shapes are checked as it grows; what is written twice is made once; what changes nothing is left out.
 * Every method throws SHAPE_MISMATCH where shapes do not fit and GRAPH_INVALID where a value is not of this graph.
 */
export class GraphBuilder {
  readonly #nodes: Node[] = [];
  readonly #values: Value[] = [];
  readonly #made = new Map<string, Value>();

  input = (name: string, shape: Shape): Value => this.#name("input", name, shape);
  state = (name: string, shape: Shape): Value => this.#name("state", name, shape);

  /** Numbers in row order, or one number that fills the shape. */
  constant(values: number | ArrayLike<number>, shape: Shape = []): Value {
    const list = typeof values === "number" ? Float64Array.of(values) : Float64Array.from(values);
    checkShape("constant", shape);
    if (list.length !== 1 && list.length !== sizeOf(shape))
      refuseShapes("constant", [shape], `${list.length} numbers do not fill it`);
    if (!list.every(Number.isFinite)) throw new MlError("GRAPH_INVALID", { detail: "A constant is not finite." });
    return this.#make({ op: "constant", values: list }, [], shape);
  }

  negate = (x: Value): Value => this.unary("negate", x);
  exp = (x: Value): Value => this.unary("exp", x);
  log = (x: Value): Value => this.unary("log", x);
  sqrt = (x: Value): Value => this.unary("sqrt", x);
  tanh = (x: Value): Value => this.unary("tanh", x);
  sigmoid = (x: Value): Value => this.unary("sigmoid", x);
  relu = (x: Value): Value => this.unary("relu", x);
  abs = (x: Value): Value => this.unary("abs", x);
  sign = (x: Value): Value => this.unary("sign", x);
  add = (a: Value | number, b: Value | number): Value => this.binary("add", a, b);
  subtract = (a: Value | number, b: Value | number): Value => this.binary("subtract", a, b);
  multiply = (a: Value | number, b: Value | number): Value => this.binary("multiply", a, b);
  divide = (a: Value | number, b: Value | number): Value => this.binary("divide", a, b);

  unary(op: Unary, x: Value): Value {
    return this.#make({ op }, [x], x.shape);
  }

  /** Element by element; axes are matched from the last and an extent of 1 is repeated. */
  binary(op: Binary, left: Value | number, right: Value | number): Value {
    const a = typeof left === "number" ? this.constant(left) : left;
    const b = typeof right === "number" ? this.constant(right) : right;
    const shape = broadcastShapes(op, a.shape, b.shape);
    const [thinA, thinB] = [this.#unrepeated(a), this.#unrepeated(b)];
    // Element by element repeats by itself: what was repeated before need not be.
    if (thinA !== a && isSameShape(broadcastShapes(op, thinA.shape, b.shape), shape)) return this.binary(op, thinA, b);
    if (thinB !== b && isSameShape(broadcastShapes(op, a.shape, thinB.shape), shape)) return this.binary(op, a, thinB);
    const neutral = op === "add" || op === "subtract" ? 0 : 1;
    if (this.#isFilledWith(b, neutral) && isSameShape(a.shape, shape)) return a;
    if ((op === "add" || op === "multiply") && this.#isFilledWith(a, neutral) && isSameShape(b.shape, shape)) return b;
    return this.#make({ op }, [a, b], shape);
  }

  /** Of the last two axes; the axes before them must be alike. */
  matmul(a: Value, b: Value, { transposeLeft = false, transposeRight = false } = {}): Value {
    const flags = { transposeLeft, transposeRight };
    return this.#make({ op: "matmul", ...flags }, [a, b], matmulShape(a.shape, b.shape, flags));
  }

  reshape(x: Value, shape: Shape): Value {
    if (sizeOf(checkShape("reshape", shape)) !== sizeOf(x.shape))
      refuseShapes("reshape", [x.shape, shape], "not as many");
    if (isSameShape(x.shape, shape)) return x;
    const node = this.#node(x);
    if (node.op === "reshape") return this.reshape(this.#operand(node, 0), shape);
    return this.#make({ op: "reshape" }, [x], shape);
  }

  /** Repeats along axes that are missing in front or whose extent is 1. */
  broadcast(x: Value, shape: Shape): Value {
    if (isSameShape(x.shape, shape)) return x;
    if (!isSameShape(broadcastShapes("broadcast", x.shape, checkShape("broadcast", shape)), shape))
      refuseShapes("broadcast", [x.shape, shape], "the first is not a part of the second");
    return this.#make({ op: "broadcast" }, [x], shape);
  }

  /** `order[i]` is the axis that becomes axis i. */
  transpose(x: Value, order: readonly number[]): Value {
    const isOrder = order.length === x.shape.length && [...order].sort((a, b) => a - b).every((axis, i) => axis === i);
    if (!isOrder) refuseShapes("transpose", [x.shape, order], "the second is no order of the first's axes");
    if (order.every((axis, i) => axis === i)) return x;
    const node = this.#node(x);
    const shape = order.map((axis) => x.shape[axis] ?? 0);
    if (node.op === "transpose") {
      const both = order.map((axis) => node.order[axis] ?? 0);
      return this.transpose(this.#operand(node, 0), both);
    }
    // What is turned before it is repeated stays small, and whoever uses it sees that it is repeated.
    const thin = this.#unrepeated(x);
    if (thin !== x && thin.shape.length === shape.length) return this.broadcast(this.transpose(thin, order), shape);
    return this.#make({ op: "transpose", order: [...order] }, [x], shape);
  }

  concat(parts: readonly Value[], axis: number): Value {
    const [first] = parts;
    if (!first) throw new MlError("GRAPH_INVALID", { detail: "A concat of nothing." });
    if (parts.length === 1) return first;
    const along = axisOf("concat", first.shape, axis);
    const shape = [...first.shape];
    shape[along] = 0;
    for (const part of parts) {
      const isAlike = part.shape.length === shape.length && shape.every((e, i) => i === along || e === part.shape[i]);
      if (!isAlike) refuseShapes("concat", [first.shape, part.shape], "they differ beside the axis");
      shape[along] = (shape[along] ?? 0) + (part.shape[along] ?? 0);
    }
    return this.#make({ op: "concat", axis: along }, parts, shape);
  }

  /** `size` places from `start` on along one axis. */
  slice(x: Value, axis: number, start: number, size: number): Value {
    const along = axisOf("slice", x.shape, axis);
    const extent = x.shape[along] ?? 0;
    const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(size) && start >= 0 && size > 0;
    if (!isInside || start + size > extent)
      refuseShapes("slice", [x.shape], `[${start}, ${start + size}) of ${extent}`);
    if (size === extent) return x;
    return this.#make({ op: "slice", axis: along, start }, [x], x.shape.with(along, size));
  }

  /** Over the axes, whose extents become 1; over all of them without `axes`. */
  sum(x: Value, axes: readonly number[] = [...x.shape.keys()]): Value {
    const over = [...new Set(axes.map((axis) => axisOf("sum", x.shape, axis)))].sort((a, b) => a - b);
    if (over.every((axis) => x.shape[axis] === 1)) return x;
    return this.#make(
      { op: "sum", axes: over },
      [x],
      x.shape.map((extent, axis) => (over.includes(axis) ? 1 : extent)),
    );
  }

  mean(x: Value, axes: readonly number[] = [...x.shape.keys()]): Value {
    const total = this.sum(x, axes);
    return this.multiply(total, sizeOf(total.shape) / sizeOf(x.shape));
  }

  /** Along the last axis. */
  softmax(x: Value): Value {
    axisOf("softmax", x.shape, -1);
    return this.#make({ op: "softmax" }, [x], x.shape);
  }

  /** See `Operation`: for inference; gives [T+1,B,U]. */
  lstm(x: Value, w: Value, r: Value, b: Value, h: Value, c: Value): Value {
    const [steps = 0, batch = 0, width = 0] = x.shape;
    const units = r.shape[0] ?? 0;
    const wanted: [Value, Shape][] = [
      [x, [steps, batch, width]],
      [w, [width, 4 * units]],
      [r, [units, 4 * units]],
      [b, [4 * units]],
      [h, [batch, units]],
      [c, [batch, units]],
    ];
    for (const [value, shape] of wanted)
      if (!isSameShape(value.shape, shape)) refuseShapes("lstm", [x.shape, value.shape], `not [${shape.join(", ")}]`);
    return this.#make({ op: "lstm" }, [x, w, r, b, h, c], [steps + 1, batch, units]);
  }

  /** What a value is made by: for differentiation. */
  nodeOf = (value: Value): Node => this.#node(value);
  /** The value of a node's place. */
  valueAt(id: number): Value {
    const value = this.#values[id];
    if (!value) throw new MlError("GRAPH_INVALID", { detail: `There is no value ${id} in this graph.` });
    return value;
  }

  /**
   * The graph of what leads to these outputs and updates, and nothing else; updates move the states of their names.
   *
   * @throws SHAPE_MISMATCH where an update has another shape than its state; GRAPH_INVALID where there is no such state
   */
  finish(outputs: Readonly<Record<string, Value>>, updates: Readonly<Record<string, Value>> = {}): Graph {
    const needed = new Set<number>();
    const visit = [...Object.values(outputs), ...Object.values(updates)].map((value) => this.#place(value));
    for (const [name, value] of Object.entries(updates)) {
      const state = this.#made.get(`name ${name}`);
      if (!state || this.#node(state).op !== "state")
        throw new MlError("GRAPH_INVALID", { name, detail: `An update names ${name}, which is no state.` });
      if (!isSameShape(state.shape, value.shape))
        refuseShapes(`update of ${name}`, [state.shape, value.shape], "not alike");
      visit.push(state.id);
    }
    for (let id = visit.pop(); id !== undefined; id = visit.pop()) {
      if (needed.has(id)) continue;
      needed.add(id);
      visit.push(...(this.#nodes[id]?.of ?? []));
    }
    const kept = [...needed].sort((a, b) => a - b);
    const places = new Map(kept.map((id, place) => [id, place]));
    const placeOf = (id: number): number => places.get(id) ?? -1;
    const nodes = kept.map((id) => this.#nodes[id] as Node).map((node) => ({ ...node, of: node.of.map(placeOf) }));
    const byPlace = (values: Readonly<Record<string, Value>>): Record<string, number> =>
      Object.fromEntries(Object.entries(values).map(([name, { id }]) => [name, placeOf(id)]));
    return { nodes, outputs: byPlace(outputs), updates: byPlace(updates) };
  }

  #name(op: "input" | "state", name: string, shape: Shape): Value {
    if (this.#made.has(`name ${name}`))
      throw new MlError("GRAPH_INVALID", { name, detail: `Two inputs or states are named ${name}.` });
    const value = this.#make({ op, name }, [], shape);
    this.#made.set(`name ${name}`, value);
    return value;
  }

  #make(operation: Operation, of: readonly Value[], shape: Shape): Value {
    const places = of.map((value) => this.#place(value));
    const key = keyOf(operation, places, shape);
    const before = key === undefined ? undefined : this.#made.get(key);
    if (before) return before;
    const value = { id: this.#nodes.length, shape: checkShape(operation.op, shape) };
    this.#nodes.push({ ...operation, of: places, shape });
    this.#values.push(value);
    if (key !== undefined) this.#made.set(key, value);
    return value;
  }

  #place(value: Value): number {
    if (this.#values[value.id] !== value)
      throw new MlError("GRAPH_INVALID", { detail: "A value is of another graph." });
    return value.id;
  }

  #node = (value: Value): Node => this.#nodes[this.#place(value)] as Node;
  #operand = (node: Node, index: number): Value => this.valueAt(node.of[index] ?? -1);

  #unrepeated(value: Value): Value {
    const node = this.#node(value);
    return node.op === "broadcast" ? this.#operand(node, 0) : value;
  }

  #isFilledWith(value: Value, number: number): boolean {
    const node = this.#node(value);
    return node.op === "constant" && node.values.length === 1 && node.values[0] === number;
  }
}

/** Two nodes with one key are one node. Inputs and states are named apart; long constants are not compared. */
function keyOf(operation: Operation, of: readonly number[], shape: Shape): string | undefined {
  if (operation.op === "constant")
    return operation.values.length === 1 ? JSON.stringify(["constant", operation.values[0], shape]) : undefined;
  return JSON.stringify([operation, of, shape]);
}

import type { Binary, Node, Unary } from "../graph/graph.ts";
import { isSameShape, sizeOf, type Shape } from "../graph/shape.ts";
import type { Numbers } from "./engine.ts";

/** Computes one node from its operands' numbers into its own; written to be read, not to be fast. */
export type Kernel = (out: Numbers, of: readonly Numbers[]) => void;

const UNARY: Record<Unary, (x: number) => number> = {
  negate: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  relu: (x) => Math.max(x, 0),
  abs: Math.abs,
  sign: Math.sign,
};

const BINARY: Record<Binary, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
};

/** The kernel of a node whose operands have these shapes. */
export function kernelOf(node: Node, shapes: readonly Shape[]): Kernel {
  const [a = [], b = []] = shapes;
  switch (node.op) {
    case "input":
    case "state":
    case "lstm":
      throw new TypeError(`${node.op} has no kernel`);
    case "constant":
      return (out) => (node.values.length === 1 ? out.fill(node.values[0] ?? 0) : out.set(node.values));
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
      return binaryKernel(BINARY[node.op], a, b, node.shape);
    case "reshape":
      return (out, [x]) => out.set(x as Numbers);
    case "broadcast":
      return gather(node.shape, repeatedStrides(a, node.shape));
    case "transpose":
      return gather(
        node.shape,
        node.order.map((axis) => stridesOf(a)[axis] ?? 0),
      );
    case "slice":
      return gather(node.shape, stridesOf(a), node.start * (stridesOf(a)[node.axis] ?? 0));
    case "concat":
      return concatKernel(shapes, node.shape, node.axis);
    case "sum":
      return sumKernel(a, node.shape);
    case "softmax":
      return softmaxKernel(node.shape.at(-1) ?? 1);
    case "matmul":
      return matmulKernel(node, a, b);
    default: {
      const f = UNARY[node.op];
      return (out, [x = out]) => {
        for (let i = 0; i < out.length; i++) out[i] = f(x[i] ?? 0);
      };
    }
  }
}

/** How far apart neighbours along each axis lie, in row order. */
function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis] ?? 1;
  }
  return strides;
}

/** The strides by which a tensor fills a larger one: none along the axes where it is repeated. */
function repeatedStrides(part: Shape, shape: Shape): number[] {
  const own = stridesOf(part);
  const added = shape.length - part.length;
  return shape.map((_, axis) => ((part[axis - added] ?? 1) === 1 ? 0 : (own[axis - added] ?? 0)));
}

/** For each place of a tensor, in row order, the place that these strides lead to. */
function placesOf(shape: Shape, strides: readonly number[], offset = 0): Int32Array {
  const places = new Int32Array(sizeOf(shape)).fill(offset);
  let repeat = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    for (let i = 0; i < places.length; i++) places[i] = (places[i] ?? 0) + (Math.floor(i / repeat) % extent) * stride;
    repeat *= extent;
  }
  return places;
}

function gather(shape: Shape, strides: readonly number[], offset = 0): Kernel {
  const places = placesOf(shape, strides, offset);
  return (out, [x = out]) => {
    for (let i = 0; i < out.length; i++) out[i] = x[places[i] ?? 0] ?? 0;
  };
}

function binaryKernel(f: (a: number, b: number) => number, a: Shape, b: Shape, shape: Shape): Kernel {
  if (isSameShape(a, b))
    return (out, [x = out, y = out]) => {
      for (let i = 0; i < out.length; i++) out[i] = f(x[i] ?? 0, y[i] ?? 0);
    };
  const left = placesOf(shape, repeatedStrides(a, shape));
  const right = placesOf(shape, repeatedStrides(b, shape));
  return (out, [x = out, y = out]) => {
    for (let i = 0; i < out.length; i++) out[i] = f(x[left[i] ?? 0] ?? 0, y[right[i] ?? 0] ?? 0);
  };
}

function concatKernel(shapes: readonly Shape[], shape: Shape, axis: number): Kernel {
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const row = (shape[axis] ?? 0) * inner;
  return (out, of) => {
    let start = 0;
    of.forEach((part, index) => {
      const size = (shapes[index]?.[axis] ?? 0) * inner;
      for (let i = 0; i < outer; i++) out.set(part.subarray(i * size, (i + 1) * size), i * row + start);
      start += size;
    });
  };
}

function sumKernel(from: Shape, to: Shape): Kernel {
  const places = placesOf(from, repeatedStrides(to, from));
  const sums = new Float64Array(sizeOf(to));
  return (out, [x = out]) => {
    sums.fill(0);
    for (let i = 0; i < x.length; i++) sums[places[i] ?? 0] = (sums[places[i] ?? 0] ?? 0) + (x[i] ?? 0);
    out.set(sums);
  };
}

function softmaxKernel(row: number): Kernel {
  return (out, [x = out]) => {
    for (let start = 0; start < out.length; start += row) {
      let most = -Infinity;
      for (let i = start; i < start + row; i++) most = Math.max(most, x[i] ?? 0);
      let total = 0;
      for (let i = start; i < start + row; i++) total += Math.exp((x[i] ?? 0) - most);
      for (let i = start; i < start + row; i++) out[i] = Math.exp((x[i] ?? 0) - most) / total;
    }
  };
}

function matmulKernel(node: Node & { op: "matmul" }, a: Shape, b: Shape): Kernel {
  const [rows = 0, columns = 0] = node.shape.slice(-2);
  const inner = (node.transposeLeft ? a.at(-2) : a.at(-1)) ?? 0;
  const [leftRow, leftColumn] = node.transposeLeft ? [1, rows] : [inner, 1];
  const [rightRow, rightColumn] = node.transposeRight ? [1, inner] : [columns, 1];
  const sums = new Float64Array(columns);
  return (out, [x = out, y = out]) => {
    for (let page = 0; page * rows * columns < out.length; page++) {
      const [left, right] = [page * sizeOf(a.slice(-2)), page * sizeOf(b.slice(-2))];
      for (let i = 0; i < rows; i++) {
        sums.fill(0);
        for (let k = 0; k < inner; k++) {
          const factor = x[left + i * leftRow + k * leftColumn] ?? 0;
          const from = right + k * rightRow;
          for (let j = 0; j < columns; j++) sums[j] = (sums[j] ?? 0) + factor * (y[from + j * rightColumn] ?? 0);
        }
        out.set(sums, (page * rows + i) * columns);
      }
    }
  };
}

import type { GraphBuilder, Value } from "../../ml/graph/build.ts";
import type { Shape } from "../../ml/graph/shape.ts";

type Make = (g: GraphBuilder, ...values: Value[]) => Value;
/** Each operation with the shapes of what it is of; `from` moves the numbers to where it is smooth and defined. */
export const OPERATIONS: { name: string; of: Shape[]; make: Make; from?: number }[] = [
  { name: "negate", of: [[2, 3]], make: (g, x) => g.negate(x) },
  { name: "exp", of: [[2, 3]], make: (g, x) => g.exp(x) },
  { name: "log", of: [[2, 3]], make: (g, x) => g.log(x), from: 2 },
  { name: "sqrt", of: [[2, 3]], make: (g, x) => g.sqrt(x), from: 2 },
  { name: "tanh", of: [[2, 3]], make: (g, x) => g.tanh(x) },
  { name: "sigmoid", of: [[2, 3]], make: (g, x) => g.sigmoid(x) },
  { name: "relu above zero", of: [[2, 3]], make: (g, x) => g.relu(x), from: 2 },
  { name: "relu below zero", of: [[2, 3]], make: (g, x) => g.add(g.relu(x), g.multiply(x, x)), from: -2 },
  { name: "abs", of: [[2, 3]], make: (g, x) => g.abs(x), from: -2 },
  { name: "sign", of: [[2, 3]], make: (g, x) => g.add(g.sign(x), g.multiply(x, x)), from: 2 },
  {
    name: "add, the second repeated",
    of: [
      [4, 2, 3],
      [2, 1],
    ],
    make: (g, a, b) => g.add(a, g.multiply(b, b)),
  },
  { name: "subtract, the first repeated", of: [[3], [2, 3]], make: (g, a, b) => g.subtract(g.multiply(a, a), b) },
  {
    name: "multiply, both repeated",
    of: [
      [2, 1],
      [1, 3],
    ],
    make: (g, a, b) => g.multiply(a, b),
  },
  { name: "divide", of: [[2, 3], [3]], make: (g, a, b) => g.divide(a, b), from: 2 },
  {
    name: "matmul",
    of: [
      [2, 3],
      [3, 4],
    ],
    make: (g, a, b) => g.matmul(a, b),
  },
  {
    name: "matmul, left transposed",
    of: [
      [3, 2],
      [3, 4],
    ],
    make: (g, a, b) => g.matmul(a, b, { transposeLeft: true }),
  },
  {
    name: "matmul, right transposed",
    of: [
      [2, 3],
      [4, 3],
    ],
    make: (g, a, b) => g.matmul(a, b, { transposeRight: true }),
  },
  {
    name: "matmul, both transposed, in pages",
    of: [
      [2, 3, 2],
      [2, 4, 3],
    ],
    make: (g, a, b) => g.matmul(a, b, { transposeLeft: true, transposeRight: true }),
  },
  {
    name: "one matrix at two steps",
    of: [
      [2, 2],
      [3, 2],
    ],
    make: (g, w, x) => g.add(g.matmul(g.tanh(g.matmul(x, w)), w), g.slice(x, 0, 0, 1)),
  },
  { name: "reshape", of: [[2, 6]], make: (g, x) => g.tanh(g.reshape(x, [3, 4])) },
  {
    name: "broadcast",
    of: [[2, 1]],
    make: (g, x) => g.matmul(g.broadcast(x, [2, 3]), g.broadcast(x, [2, 3]), { transposeLeft: true }),
  },
  { name: "transpose", of: [[2, 3, 4]], make: (g, x) => g.tanh(g.transpose(x, [2, 0, 1])) },
  {
    name: "concat",
    of: [
      [2, 3],
      [2, 1],
    ],
    make: (g, a, b) => g.tanh(g.concat([a, b, a], 1)),
  },
  {
    name: "slices with gaps and overlaps",
    of: [[5, 2]],
    make: (g, x) =>
      g.multiply(g.slice(x, 0, 1, 2), g.multiply(g.slice(x, 0, 2, 2), g.slice(g.slice(x, 1, 1, 1), 0, 3, 2))),
  },
  { name: "sum over an axis", of: [[2, 3, 4]], make: (g, x) => g.multiply(g.sum(x, [1]), x) },
  {
    name: "mean",
    of: [[2, 3]],
    make: (g, x) => {
      const m = g.mean(x);
      return g.multiply(m, m);
    },
  },
  { name: "softmax", of: [[2, 4]], make: (g, x) => g.multiply(g.softmax(x), x) },
];

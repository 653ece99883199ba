import { MlError } from "../errors.ts";

/** The extents of a tensor, outermost first; `[]` is a single number. */
export type Shape = readonly number[];

const MOST_AXES = 8;
const MOST_NUMBERS = 2 ** 28;

export const sizeOf = (shape: Shape): number => shape.reduce((product, extent) => product * extent, 1);

export const isSameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((extent, axis) => extent === b[axis]);

/** @throws SHAPE_MISMATCH naming the operation and the shapes that it was given */
export function refuseShapes(operation: string, shapes: readonly Shape[], why: string): never {
  const told = shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ");
  throw new MlError("SHAPE_MISMATCH", { operation, shapes, detail: `${operation} of ${told}: ${why}` });
}

/** A shape that a tensor can have. @throws SHAPE_MISMATCH */
export function checkShape(operation: string, shape: Shape): Shape {
  if (shape.length > MOST_AXES) refuseShapes(operation, [shape], `more than ${MOST_AXES} axes`);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0))
    refuseShapes(operation, [shape], "every extent is a whole number above zero");
  if (sizeOf(shape) > MOST_NUMBERS) refuseShapes(operation, [shape], `more than ${MOST_NUMBERS} numbers`);
  return shape;
}

/** The shape of an element by element operation: axes are matched from the last, an extent of 1 is repeated. */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  const axes = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < axes; axis++) {
    const left = a[a.length - axes + axis] ?? 1;
    const right = b[b.length - axes + axis] ?? 1;
    if (left !== right && left !== 1 && right !== 1) refuseShapes(operation, [a, b], "their extents do not match");
    shape.push(Math.max(left, right));
  }
  return shape;
}

/** Along which axes of `shape` a tensor of shape `part` is repeated to fill it. */
export function repeatedAxes(part: Shape, shape: Shape): number[] {
  const added = shape.length - part.length;
  return [...shape.keys()].filter((axis) => axis < added || (part[axis - added] === 1 && shape[axis] !== 1));
}

export interface MatmulFlags {
  transposeLeft: boolean;
  transposeRight: boolean;
}

/** Of [.., m, k] and [.., k, n], the leading axes alike, or both plain matrices. */
export function matmulShape(a: Shape, b: Shape, flags: MatmulFlags): Shape {
  if (a.length < 2 || a.length !== b.length) refuseShapes("matmul", [a, b], "both need the same axes, two at least");
  const lead = a.slice(0, -2);
  if (!isSameShape(lead, b.slice(0, -2))) refuseShapes("matmul", [a, b], "their leading axes differ");
  const [rows, inner] = flags.transposeLeft ? [a.at(-1), a.at(-2)] : [a.at(-2), a.at(-1)];
  const [other, columns] = flags.transposeRight ? [b.at(-1), b.at(-2)] : [b.at(-2), b.at(-1)];
  if (inner !== other) refuseShapes("matmul", [a, b], `${inner} is not ${other}`);
  return [...lead, rows ?? 0, columns ?? 0];
}

/** An axis of the shape, counted from the end when negative. @throws SHAPE_MISMATCH */
export function axisOf(operation: string, shape: Shape, axis: number): number {
  const counted = axis < 0 ? shape.length + axis : axis;
  if (!Number.isSafeInteger(counted) || counted < 0 || counted >= shape.length)
    refuseShapes(operation, [shape], `there is no axis ${axis}`);
  return counted;
}

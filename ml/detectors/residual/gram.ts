import { solvePositive } from "../../linear.ts";

/** XᵀX over some rows of a design of this width: all that a ridge regression of any column on any others needs. */
export function gramOf(design: Float64Array, width: number, rows: Int32Array): Float64Array {
  const gram = new Float64Array(width * width);
  const [places, held] = [new Int32Array(width), new Float64Array(width)];
  for (const row of rows) {
    const from = row * width;
    let count = 0;
    for (let k = 0; k < width; k++)
      if (design[from + k] !== 0) {
        places[count] = k;
        held[count++] = design[from + k]!;
      }
    for (let a = 0; a < count; a++) {
      const value = held[a]!;
      const at = places[a]! * width;
      for (let b = a; b < count; b++) gram[at + places[b]!]! += value * held[b]!;
    }
  }
  for (let i = 0; i < width; i++) for (let j = 0; j < i; j++) gram[i * width + j] = gram[j * width + i]!;
  return gram;
}

/** What is left of a sum when a part is taken from it. */
export const lessGram = (all: Float64Array, part: Float64Array): Float64Array =>
  all.map((value, at) => value - part[at]!);

const RIDGE = 3;

/** Ridge regression (Hoerl, Kennard 1970) of one column on others, from their Gram matrix. */
export function solveRidge(
  gram: Float64Array,
  width: number,
  target: number,
  columns: readonly number[],
): { weights: Float64Array; squares: number } {
  const n = columns.length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const from = columns[i]! * width;
    for (let j = 0; j < n; j++) matrix[i * n + j] = gram[from + columns[j]!]!;
    matrix[i * n + i]! += RIDGE;
    right[i] = gram[from + target]!;
  }
  const along = Float64Array.from(right);
  const weights = solvePositive(matrix, right, n);
  let squares = gram[target * width + target]!;
  for (let i = 0; i < n; i++) squares -= weights[i]! * (along[i]! + RIDGE * weights[i]!);
  return { weights, squares: Math.max(0, squares) };
}

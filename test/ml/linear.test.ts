import { expect } from "chai";
import fc from "fast-check";
import { eigenSymmetric, invertPositive, solvePositive } from "../../ml/linear.ts";
import { createRandom } from "../../ml/random.ts";

function drawPositive(seed: number, n: number): Float64Array {
  const random = createRandom(seed);
  const root = Array.from({ length: n * n }, () => random.normal());
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++) matrix[i * n + j] = matrix[i * n + j]! + root[i * n + k]! * root[j * n + k]!;
  for (let i = 0; i < n; i++) matrix[i * n + i] = matrix[i * n + i]! + 0.1;
  return matrix;
}

describe("linear algebra", () => {
  it("finds eigenpairs of any symmetric matrix, largest first, orthonormal", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const matrix = drawPositive(seed, n);
        const { values, vectors } = eigenSymmetric(matrix, n);
        for (let c = 0; c < n; c++) {
          if (c > 0) expect(values[c]!).to.be.at.most(values[c - 1]!);
          for (let i = 0; i < n; i++) {
            let product = 0;
            for (let j = 0; j < n; j++) product += matrix[i * n + j]! * vectors[c]![j]!;
            expect(product).to.be.closeTo(values[c]! * vectors[c]![i]!, 1e-6);
          }
          for (let d = 0; d <= c; d++) {
            const dot = vectors[c]!.reduce((sum, x, i) => sum + x * vectors[d]![i]!, 0);
            expect(dot).to.be.closeTo(c === d ? 1 : 0, 1e-9);
          }
        }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("inverts positive definite matrices", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const matrix = drawPositive(seed, n);
        const inverse = invertPositive(matrix, n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++) {
            let product = 0;
            for (let k = 0; k < n; k++) product += matrix[i * n + k]! * inverse[k * n + j]!;
            expect(product).to.be.closeTo(i === j ? 1 : 0, 1e-6);
          }
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it("solves positive definite systems", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, n) => {
        const matrix = drawPositive(seed, n);
        const wanted = Float64Array.from({ length: n }, (_, i) => i - 2);
        const b = Float64Array.from({ length: n }, (_, i) =>
          wanted.reduce((sum, x, j) => sum + matrix[i * n + j]! * x, 0),
        );
        const solved = solvePositive(Float64Array.from(matrix), b, n);
        for (let i = 0; i < n; i++) expect(solved[i]!).to.be.closeTo(wanted[i]!, 1e-6);
      }),
      { seed: 2, numRuns: 50 },
    );
  });
});

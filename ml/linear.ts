/**
 * Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations (Golub, Van Loan, Matrix Computations,
 * §8.5): slower than QR, exact to rounding, and the same in every process.
 *
 * @param matrix row-major n×n, symmetric; not changed
 * @returns eigenvalues, largest first, and the eigenvectors as rows; the largest entry of each vector is positive
 */
export function eigenSymmetric(matrix: Float64Array, n: number): { values: number[]; vectors: Float64Array[] } {
  const a = Float64Array.from(matrix);
  const v = new Float64Array(n * n);
  for (let i = 0; i < n; i++) v[i * n + i] = 1;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += a[p * n + q]! * a[p * n + q]!;
    if (off < 1e-22) break;
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        const apq = a[p * n + q]!;
        if (apq === 0) continue;
        const theta = (a[q * n + q]! - a[p * n + p]!) / (2 * apq);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const kp = a[k * n + p]!;
          const kq = a[k * n + q]!;
          a[k * n + p] = c * kp - s * kq;
          a[k * n + q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k++) {
          const pk = a[p * n + k]!;
          const qk = a[q * n + k]!;
          a[p * n + k] = c * pk - s * qk;
          a[q * n + k] = s * pk + c * qk;
          const vp = v[p * n + k]!;
          const vq = v[q * n + k]!;
          v[p * n + k] = c * vp - s * vq;
          v[q * n + k] = s * vp + c * vq;
        }
      }
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => a[j * n + j]! - a[i * n + i]!);
  const vectors = order.map((i) => {
    const row = v.slice(i * n, (i + 1) * n);
    let largest = 0;
    for (let k = 1; k < n; k++) if (Math.abs(row[k]!) > Math.abs(row[largest]!)) largest = k;
    return row[largest]! < 0 ? row.map((x) => -x) : row;
  });
  return { values: order.map((i) => a[i * n + i]!), vectors };
}

/**
 * Solves A·x = b for a symmetric positive definite A (Cholesky). A and b are overwritten; x is b.
 *
 * @param matrix row-major n×n
 */
export function solvePositive(matrix: Float64Array, b: Float64Array, n: number): Float64Array {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!;
    }
  }
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= matrix[i * n + k]! * b[k]!;
    b[i] = sum / matrix[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = b[i]!;
    for (let k = i + 1; k < n; k++) sum -= matrix[k * n + i]! * b[k]!;
    b[i] = sum / matrix[i * n + i]!;
  }
  return b;
}

/** The inverse of a symmetric positive definite matrix, row-major n×n; the matrix is not changed. */
export function invertPositive(matrix: Float64Array, n: number): Float64Array {
  // Cholesky, then its inverse, then their product: A = L·Lᵀ, so A⁻¹ = L⁻ᵀ·L⁻¹.
  const l = Float64Array.from(matrix);
  for (let j = 0; j < n; j++)
    for (let i = j; i < n; i++) {
      let sum = l[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  const inverse = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    inverse[j * n + j] = 1 / l[j * n + j]!;
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= l[i * n + k]! * inverse[k * n + j]!;
      inverse[i * n + j] = sum / l[i * n + i]!;
    }
  }
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += inverse[k * n + i]! * inverse[k * n + j]!;
      product[i * n + j] = product[j * n + i] = sum;
    }
  return product;
}

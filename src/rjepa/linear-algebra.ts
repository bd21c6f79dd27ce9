import { BackendError, ShapeError } from "../core/errors.js";
import { count, instanceOf } from "../core/kinds.js";

/** The linear algebra that figures need, from the optional peer `ml-matrix`. */
export interface LinearAlgebra {
  /** Eigenvalues, largest first, and eigenvectors in rows, of a symmetric matrix given row-major [n, n]. */
  eigen(matrix: Float64Array, n: number): { readonly values: number[]; readonly vectors: number[][] };
  /** X of A X = B for a symmetric positive matrix A [n, n] and B [n, m], row-major. */
  solve(a: Float64Array, b: Float64Array, n: number, m: number): Float64Array;
}

/** Loads it, or says what to install. @throws BackendError */
export async function linearAlgebra(): Promise<LinearAlgebra> {
  const lib = await import("ml-matrix").catch(() => null);
  if (lib === null)
    throw new BackendError(
      "rjepa: figures need the package ml-matrix; install it with: npm install ml-matrix",
      "missing-peer",
    );
  const { EigenvalueDecomposition, Matrix, solve } = lib;
  const matrix = (data: Float64Array, rows: number, columns: number) =>
    Matrix.from1DArray(rows, columns, data);
  return {
    eigen(data, n) {
      requireMatrix("eigen", "the matrix", data, n, n);
      const found = new EigenvalueDecomposition(matrix(data, n, n), { assumeSymmetric: true });
      const order = found.realEigenvalues
        .map((_, i) => i)
        .sort((i, j) => found.realEigenvalues[j] - found.realEigenvalues[i]);
      return {
        values: order.map((i) => found.realEigenvalues[i]),
        vectors: order.map((i) => found.eigenvectorMatrix.getColumn(i)),
      };
    },
    solve(a, b, n, m) {
      requireMatrix("solve", "a", a, n, n);
      requireMatrix("solve", "b", b, n, m);
      return Float64Array.from(solve(matrix(a, n, n), matrix(b, n, m)).to1DArray());
    },
  };
}

const numbers = instanceOf(Float64Array);

function requireMatrix(who: string, what: string, data: Float64Array, rows: number, columns: number): void {
  numbers(who, what, data);
  count(1)(who, "the rows", rows);
  count(1)(who, "the columns", columns);
  if (data.length !== rows * columns)
    throw new ShapeError(`${who}: expected ${what} of ${rows} x ${columns} numbers, got ${data.length}`);
}

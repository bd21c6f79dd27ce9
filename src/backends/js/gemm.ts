import type { TypedArray } from "../../core/dtype.js";

/** Columns of B that stay in the cache while all rows of A pass by. */
const columns = 32;

/** Terms that are added up one after the other; longer sums are halved, and the halves added. */
const longest = 512;

/**
 * out[i, j] = sum over k of a[i, k] b[j, k], both with k contiguous: a [m x k] and b [n x k] with row strides, out with
 * strides for rows and columns. A tile of 4 x 4 results is kept in registers.
 */
export function gemm(
  out: TypedArray,
  o: number,
  outRow: number,
  outColumn: number,
  a: TypedArray,
  i0: number,
  aRow: number,
  b: TypedArray,
  j0: number,
  bRow: number,
  m: number,
  n: number,
  k: number,
): void {
  if (k > longest) {
    halved(out, o, outRow, outColumn, a, i0, aRow, b, j0, bRow, m, n, k);
    return;
  }
  for (let from = 0; from < n; from += columns) {
    const to = Math.min(n, from + columns);
    let i = 0;
    for (; i + 3 < m; i += 4) {
      let j = from;
      for (; j + 3 < to; j += 4)
        tile(
          out,
          o + i * outRow + j * outColumn,
          outRow,
          outColumn,
          a,
          i0 + i * aRow,
          aRow,
          b,
          j0 + j * bRow,
          bRow,
          k,
        );
      for (; j < to; j++)
        for (let r = 0; r < 4; r++)
          out[o + (i + r) * outRow + j * outColumn] = dot(a, i0 + (i + r) * aRow, b, j0 + j * bRow, k);
    }
    for (; i < m; i++) row(out, o + i * outRow, outColumn, a, i0 + i * aRow, b, j0, bRow, from, to, k);
  }
}

/** The sum of two halves, kept in float64 until it is written. */
function halved(
  out: TypedArray,
  o: number,
  outRow: number,
  outColumn: number,
  a: TypedArray,
  i0: number,
  aRow: number,
  b: TypedArray,
  j0: number,
  bRow: number,
  m: number,
  n: number,
  k: number,
): void {
  const half = k >> 1;
  const [first, second] = [new Float64Array(m * n), new Float64Array(m * n)];
  gemm(first, 0, n, 1, a, i0, aRow, b, j0, bRow, m, n, half);
  gemm(second, 0, n, 1, a, i0 + half, aRow, b, j0 + half, bRow, m, n, k - half);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) out[o + i * outRow + j * outColumn] = first[i * n + j] + second[i * n + j];
}

function tile(
  out: TypedArray,
  o: number,
  outRow: number,
  outColumn: number,
  a: TypedArray,
  i: number,
  aRow: number,
  b: TypedArray,
  j: number,
  bRow: number,
  n: number,
): void {
  let s00 = 0,
    s01 = 0,
    s02 = 0,
    s03 = 0;
  let s10 = 0,
    s11 = 0,
    s12 = 0,
    s13 = 0;
  let s20 = 0,
    s21 = 0,
    s22 = 0,
    s23 = 0;
  let s30 = 0,
    s31 = 0,
    s32 = 0,
    s33 = 0;
  const [i1, i2, i3] = [i + aRow, i + 2 * aRow, i + 3 * aRow];
  const [j1, j2, j3] = [j + bRow, j + 2 * bRow, j + 3 * bRow];
  for (let k = 0; k < n; k++) {
    const b0 = b[j + k],
      b1 = b[j1 + k],
      b2 = b[j2 + k],
      b3 = b[j3 + k];
    const a0 = a[i + k];
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[i1 + k];
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[i2 + k];
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[i3 + k];
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  const [c1, c2, c3] = [outColumn, 2 * outColumn, 3 * outColumn];
  out[o] = s00;
  out[o + c1] = s01;
  out[o + c2] = s02;
  out[o + c3] = s03;
  o += outRow;
  out[o] = s10;
  out[o + c1] = s11;
  out[o + c2] = s12;
  out[o + c3] = s13;
  o += outRow;
  out[o] = s20;
  out[o + c1] = s21;
  out[o + c2] = s22;
  out[o + c3] = s23;
  o += outRow;
  out[o] = s30;
  out[o + c1] = s31;
  out[o + c2] = s32;
  out[o + c3] = s33;
}

/** One row of results, four columns at a time. */
function row(
  out: TypedArray,
  o: number,
  outColumn: number,
  a: TypedArray,
  i: number,
  b: TypedArray,
  j0: number,
  bRow: number,
  from: number,
  to: number,
  n: number,
): void {
  let j = from;
  for (; j + 3 < to; j += 4) {
    let s0 = 0,
      s1 = 0,
      s2 = 0,
      s3 = 0;
    const j1 = j0 + j * bRow;
    const [j2, j3, j4] = [j1 + bRow, j1 + 2 * bRow, j1 + 3 * bRow];
    for (let k = 0; k < n; k++) {
      const v = a[i + k];
      s0 += v * b[j1 + k];
      s1 += v * b[j2 + k];
      s2 += v * b[j3 + k];
      s3 += v * b[j4 + k];
    }
    out[o + j * outColumn] = s0;
    out[o + (j + 1) * outColumn] = s1;
    out[o + (j + 2) * outColumn] = s2;
    out[o + (j + 3) * outColumn] = s3;
  }
  for (; j < to; j++) out[o + j * outColumn] = dot(a, i, b, j0 + j * bRow, n);
}

function dot(a: TypedArray, i: number, b: TypedArray, j: number, n: number): number {
  let total = 0;
  for (let k = 0; k < n; k++) total += a[i + k] * b[j + k];
  return total;
}

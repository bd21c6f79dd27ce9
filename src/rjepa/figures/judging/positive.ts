import { crossOf, innerOf, timesOf } from "./products.js";

// Systems of up to a few thousand unknowns: blocks of columns are worked on here, and what is left of the matrix is a product.
const block = 64;
/** A pivot smaller than this share of its diagonal is rounding: its unknown is left at 0. */
const least = 1e-14;

/** Rows `top` to `bottom` and columns `left` to `right` of a [.., n]. */
function part(a: Float64Array, n: number, top: number, bottom: number, left: number, right: number) {
  const width = right - left;
  const out = new Float64Array((bottom - top) * width);
  for (let i = top; i < bottom; i++) out.set(a.subarray(i * n + left, i * n + right), (i - top) * width);
  return out;
}

/** L, lower triangular, of A = L Lᵀ for a symmetric positive A [n, n] (Cholesky, by blocks). Above the diagonal it is not L. */
export function factorOf(a: Float64Array, n: number): Float64Array {
  const l = a.slice();
  for (let from = 0; from < n; from += block) {
    const to = Math.min(from + block, n);
    for (let i = from; i < n; i++)
      for (let j = from; j < Math.min(to, i + 1); j++) {
        let rest = l[i * n + j];
        for (let k = from; k < j; k++) rest -= l[i * n + k] * l[j * n + k];
        if (i > j) l[i * n + j] = rest / l[j * n + j];
        else l[i * n + i] = rest > least * a[i * n + i] ? Math.sqrt(rest) : Infinity;
      }
    if (to === n) break;
    const panel = part(l, n, to, n, from, to);
    const update = innerOf(panel, panel, to - from);
    for (let at = 0, i = to; i < n; i++) for (let j = to; j < n; j++) l[i * n + j] -= update[at++];
  }
  return l;
}

/** Y of L Y = B, of B [n, m]. */
export function forward(l: Float64Array, n: number, b: Float64Array, m: number): Float64Array {
  const y = b.slice();
  for (let from = 0; from < n; from += block) {
    const to = Math.min(from + block, n);
    if (from > 0) {
      const known = timesOf(part(l, n, from, to, 0, from), from, y.subarray(0, from * m).slice(), m);
      for (let at = 0; at < known.length; at++) y[from * m + at] -= known[at];
    }
    for (let i = from; i < to; i++) {
      for (let k = from; k < i; k++) for (let c = 0; c < m; c++) y[i * m + c] -= l[i * n + k] * y[k * m + c];
      for (let c = 0; c < m; c++) y[i * m + c] /= l[i * n + i];
    }
  }
  return y;
}

/** X of Lᵀ X = Y, of Y [n, m]. */
function backward(l: Float64Array, n: number, y: Float64Array, m: number): Float64Array {
  const x = y.slice();
  for (let from = Math.floor((n - 1) / block) * block; from >= 0; from -= block) {
    const to = Math.min(from + block, n);
    if (to < n) {
      const known = crossOf(part(l, n, to, n, from, to), to - from, x.subarray(to * m).slice(), m);
      for (let at = 0; at < known.length; at++) x[from * m + at] -= known[at];
    }
    for (let i = to - 1; i >= from; i--) {
      for (let k = i + 1; k < to; k++)
        for (let c = 0; c < m; c++) x[i * m + c] -= l[k * n + i] * x[k * m + c];
      for (let c = 0; c < m; c++) x[i * m + c] /= l[i * n + i];
    }
  }
  return x;
}

/** X of A X = B for a symmetric positive A [n, n] and B [n, m]. */
export function solvePositive(a: Float64Array, n: number, b: Float64Array, m: number): Float64Array {
  const l = factorOf(a, n);
  return backward(l, n, forward(l, n, b, m), m);
}

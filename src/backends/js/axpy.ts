import type { TypedArray } from "../../core/dtype.js";

/** x = c x, with zero for a zero c whatever x is. */
export function mixOne(x: TypedArray, at: number, n: number, c: number): void {
  if (c === 0) x.fill(0, at, at + n);
  else for (let j = 0; j < n; j++) x[at + j] *= c;
}

/** (x, y) = (a x + b y, c x + d y) */
export function mixTwo(
  x: TypedArray,
  y: TypedArray,
  at: number,
  n: number,
  a: number,
  b: number,
  c: number,
  d: number,
): void {
  for (let j = at; j < at + n; j++) {
    const u = x[j];
    const v = y[j];
    x[j] = a * u + b * v;
    y[j] = c * u + d * v;
  }
}

/** out[at..] += c * x[from..] */
export function accumulate(
  out: TypedArray,
  at: number,
  n: number,
  c: number,
  x: TypedArray,
  from: number,
): void {
  for (let j = 0; j < n; j++) out[at + j] += c * x[from + j];
}

/** Inner columns that are worked on at a time, so that rows of the base stay in the cache. */
const panel = 512;

/**
 * out[outRow[i] + j] += sum over k of matrix[i, k] * x[xRow[k] + j], two rows by four terms at a time:
 * each base entry that is read serves two rows, and each row that is written takes four terms.
 */
export function rowProducts(
  out: TypedArray,
  outRow: Int32Array,
  matrix: Float64Array,
  m: number,
  b: number,
  x: TypedArray,
  xRow: Int32Array,
  inner: number,
): void {
  for (let i = 0; i < m * b; i++) {
    if (!Number.isFinite(matrix[i])) {
      careful(out, outRow, matrix, m, b, x, xRow, inner);
      return;
    }
  }
  for (let from = 0; from < inner; from += panel) {
    const n = Math.min(panel, inner - from);
    for (let i = 0; i < m; i += 2) {
      const pair = i + 1 < m;
      let k = 0;
      for (; k + 3 < b; k += 4) {
        const at = i * b + k;
        // a zero coefficient must not meet an infinite entry: such blocks go term by term
        if (hasZero(matrix, at) || (pair && hasZero(matrix, at + b))) {
          for (let r = i; r < (pair ? i + 2 : i + 1); r++)
            oneByOne(out, outRow[r] + from, matrix, r * b + k, 4, x, xRow, k, from, n);
          continue;
        }
        const [x0, x1, x2, x3] = [xRow[k] + from, xRow[k + 1] + from, xRow[k + 2] + from, xRow[k + 3] + from];
        if (pair) twoByFour(out, outRow[i] + from, outRow[i + 1] + from, matrix, at, b, x, x0, x1, x2, x3, n);
        else oneByFour(out, outRow[i] + from, matrix, at, x, x0, x1, x2, x3, n);
      }
      for (let r = i; r < (pair ? i + 2 : i + 1); r++)
        oneByOne(out, outRow[r] + from, matrix, r * b + k, b - k, x, xRow, k, from, n);
    }
  }
}

function hasZero(matrix: Float64Array, at: number): boolean {
  return matrix[at] === 0 || matrix[at + 1] === 0 || matrix[at + 2] === 0 || matrix[at + 3] === 0;
}

/** A row takes `count` terms one after the other, without those of a zero coefficient. */
function oneByOne(
  out: TypedArray,
  o: number,
  matrix: Float64Array,
  at: number,
  count: number,
  x: TypedArray,
  xRow: Int32Array,
  k: number,
  from: number,
  n: number,
): void {
  for (let i = 0; i < count; i++) {
    const c = matrix[at + i];
    if (c !== 0) accumulate(out, o, n, c, x, xRow[k + i] + from);
  }
}

function twoByFour(
  out: TypedArray,
  p: number,
  q: number,
  matrix: Float64Array,
  at: number,
  b: number,
  x: TypedArray,
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  n: number,
): void {
  const a0 = matrix[at];
  const a1 = matrix[at + 1];
  const a2 = matrix[at + 2];
  const a3 = matrix[at + 3];
  const b0 = matrix[at + b];
  const b1 = matrix[at + b + 1];
  const b2 = matrix[at + b + 2];
  const b3 = matrix[at + b + 3];
  for (let j = 0; j < n; j++) {
    const v0 = x[x0 + j];
    const v1 = x[x1 + j];
    const v2 = x[x2 + j];
    const v3 = x[x3 + j];
    out[p + j] += a0 * v0 + a1 * v1 + (a2 * v2 + a3 * v3);
    out[q + j] += b0 * v0 + b1 * v1 + (b2 * v2 + b3 * v3);
  }
}

function oneByFour(
  out: TypedArray,
  p: number,
  matrix: Float64Array,
  at: number,
  x: TypedArray,
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  n: number,
): void {
  const a0 = matrix[at];
  const a1 = matrix[at + 1];
  const a2 = matrix[at + 2];
  const a3 = matrix[at + 3];
  for (let j = 0; j < n; j++)
    out[p + j] += a0 * x[x0 + j] + a1 * x[x1 + j] + (a2 * x[x2 + j] + a3 * x[x3 + j]);
}

/** The same where a coefficient is not finite: zeros of either factor win. */
function careful(
  out: TypedArray,
  outRow: Int32Array,
  matrix: Float64Array,
  m: number,
  b: number,
  x: TypedArray,
  xRow: Int32Array,
  inner: number,
): void {
  for (let i = 0; i < m; i++)
    for (let k = 0; k < b; k++) {
      const c = matrix[i * b + k];
      if (c === 0) continue;
      for (let j = 0; j < inner; j++) {
        const v = x[xRow[k] + j];
        if (v !== 0) out[outRow[i] + j] += c * v;
      }
    }
}

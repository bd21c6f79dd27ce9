/** Arrays [n, t, w] as figures read them, and what spreads in them. All variances are two-pass. */

/** Steps `from` to `to` (not included) of x [n, t, w], as rows [n·(to − from), w]. */
export function stepsOf(
  x: Float64Array,
  steps: number,
  width: number,
  from: number,
  to: number,
): Float64Array {
  const n = x.length / (steps * width);
  const run = (to - from) * width;
  const out = new Float64Array(n * run);
  for (let i = 0; i < n; i++) {
    const at = (i * steps + from) * width;
    out.set(x.subarray(at, at + run), i * run);
  }
  return out;
}

/** Rows [n, w₁], [n, w₂], … side by side. */
export function beside(n: number, ...parts: readonly Float64Array[]): Float64Array {
  const widths = parts.map((p) => p.length / n);
  const width = widths.reduce((a, b) => a + b, 0);
  const out = new Float64Array(n * width);
  let left = 0;
  parts.forEach((part, k) => {
    const w = widths[k];
    for (let i = 0; i < n; i++) out.set(part.subarray(i * w, (i + 1) * w), i * width + left);
    left += w;
  });
  return out;
}

/** Means of the columns of rows [n, w]. */
export function columnMeans(x: Float64Array, width: number): Float64Array {
  const n = x.length / width;
  const mean = new Float64Array(width);
  for (let at = 0, i = 0; i < n; i++) for (let k = 0; k < width; k++) mean[k] += x[at++];
  return mean.map((sum) => sum / n);
}

/** A column that varies by less than this share of its size is constant: what is left is rounding, of float32 too. */
const rounding = 1e-6;

/**
 * Columns of rows [n, w] less their means. A column that is constant but for rounding becomes exactly 0, so that a collapse has
 * no spread, rank or neighbors.
 */
export function centered(x: Float64Array, width: number): Float64Array {
  const n = x.length / width;
  const mean = columnMeans(x, width);
  const out = new Float64Array(x.length);
  const [spread, size] = [new Float64Array(width), new Float64Array(width)];
  for (let at = 0, i = 0; i < n; i++)
    for (let k = 0; k < width; k++, at++) {
      out[at] = x[at] - mean[k];
      spread[k] += out[at] ** 2;
      size[k] += x[at] ** 2;
    }
  for (let k = 0; k < width; k++)
    if (spread[k] <= rounding ** 2 * size[k]) for (let at = k; at < out.length; at += width) out[at] = 0;
  return out;
}

/** Mean of the squares of each row [n, w]; [n]. */
export function meanSquares(x: Float64Array, width: number): Float64Array {
  const out = new Float64Array(x.length / width);
  for (let at = 0, i = 0; i < out.length; i++) {
    for (let k = 0; k < width; k++) out[i] += x[at++] ** 2;
    out[i] /= width;
  }
  return out;
}

/** Mean squared difference of the rows of two arrays [n, w]; [n]. */
export function squaredErrors(a: Float64Array, b: Float64Array, width: number): Float64Array {
  const out = new Float64Array(a.length / width);
  for (let at = 0, i = 0; i < out.length; i++) {
    for (let k = 0; k < width; k++, at++) out[i] += (a[at] - b[at]) ** 2;
    out[i] /= width;
  }
  return out;
}

/** Mean of each row of [n, w]; [n]. */
export function rowMeans(x: Float64Array, width: number): Float64Array {
  const out = new Float64Array(x.length / width);
  for (let at = 0, i = 0; i < out.length; i++) {
    for (let k = 0; k < width; k++) out[i] += x[at++];
    out[i] /= width;
  }
  return out;
}

/** Column k of rows [n, w]; [n]. */
export const columnOf = (x: Float64Array, width: number, k: number): Float64Array =>
  Float64Array.from({ length: x.length / width }, (_, i) => x[i * width + k]);

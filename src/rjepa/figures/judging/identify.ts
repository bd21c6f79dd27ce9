import { centered, columnMeans } from "./arrays.js";
import { imagesOf } from "./bootstrap.js";
import { factorOf, forward } from "./positive.js";
import { crossOf } from "./products.js";

/**
 * Cosines of rows x [n, d] among themselves, [n, n], after whitening by the covariance C of `fit`: with C = L Lᵀ, L⁻¹ x is white,
 * as any rotation of it is.
 */
function whitenedCosines(x: Float64Array, fit: Float64Array, d: number): Float64Array {
  const [n, rows] = [x.length / d, fit.length / d];
  const seen = centered(fit, d);
  const covariance = crossOf(seen, d, seen, d).map((v) => v / rows);
  let size = 0;
  for (let k = 0; k < d; k++) size += covariance[k * d + k] / d;
  for (let k = 0; k < d; k++) covariance[k * d + k] += size > 0 ? 1e-3 * size : 1;
  const mean = columnMeans(fit, d);
  const columns = new Float64Array(d * n);
  for (let i = 0; i < n; i++) for (let k = 0; k < d; k++) columns[k * n + i] = x[i * d + k] - mean[k];
  const white = forward(factorOf(covariance, d), d, columns, n);
  const squares = new Float64Array(n);
  for (let at = 0; at < white.length; at++) squares[at % n] += white[at] ** 2;
  const unit = white.map((v, at) => v / Math.sqrt(squares[at % n]));
  return crossOf(unit, n, unit, n);
}

/**
 * For each sequence the chance that, among one other sequence of each image, drawn at random, the most similar one is of its own
 * image, [n]: the mean over all draws, in closed form. A tie counts against it; `NaN` where no other sequence sees its image.
 */
export function identified(x: Float64Array, fit: Float64Array, d: number, image: Int32Array): Float64Array {
  const n = image.length;
  const { index, count } = imagesOf(image);
  const members: number[][] = Array.from({ length: count }, () => []);
  index.forEach((k, i) => {
    members[k].push(i);
  });
  if (centered(x, d).every((v) => v === 0)) return new Float64Array(n);
  const cosines = whitenedCosines(x, fit, d);
  return Float64Array.from({ length: n }, (_, i) => {
    const row = cosines.subarray(i * n, (i + 1) * n);
    const own = members[index[i]].filter((m) => m !== i);
    let sum = 0;
    for (const m of own) {
      let wins = 1;
      for (let k = 0; k < count && wins > 0; k++) {
        if (k === index[i]) continue;
        let less = 0;
        for (const other of members[k]) if (row[other] < row[m]) less++;
        wins *= less / members[k].length;
      }
      sum += wins;
    }
    return sum / own.length;
  });
}

import { centered, columnMeans } from "./arrays.js";
import { solvePositive } from "./positive.js";
import { crossOf, timesOf } from "./products.js";

/** A linear map with bias. */
export interface Ridge {
  readonly inputMean: Float64Array;
  readonly outputMean: Float64Array;
  /** [p, m] */
  readonly weights: Float64Array;
}

const less = (x: Float64Array, mean: Float64Array): Float64Array =>
  x.map((v, at) => v - mean[at % mean.length]);

/**
 * Ridge regression of y [n, m] on x [n, p], with a bias that costs nothing. Each input is punished in proportion to its own sum
 * of squares, so that units do not matter, nor how small h has become; one that is constant is left out.
 */
export function fitRidge(x: Float64Array, p: number, y: Float64Array, m: number, penalty: number): Ridge {
  const [inputMean, outputMean] = [columnMeans(x, p), columnMeans(y, m)];
  const rows = centered(x, p);
  const over = new Float64Array(p);
  for (let at = 0; at < rows.length; at++) over[at % p] += rows[at] ** 2;
  for (let k = 0; k < p; k++) over[k] = over[k] > 0 ? 1 / Math.sqrt(over[k]) : 0;
  for (let at = 0; at < rows.length; at++) rows[at] *= over[at % p];
  const gram = crossOf(rows, p, rows, p).slice();
  // as much again as rounding takes, where inputs say the same
  for (let k = 0; k < p; k++) gram[k * p + k] += penalty + 1e-10;
  const solved = solvePositive(gram, p, crossOf(rows, p, less(y, outputMean), m), m);
  return { inputMean, outputMean, weights: solved.map((w, at) => w * over[Math.floor(at / m)]) };
}

/** What it makes of rows x [n, p]: [n, m]. */
export function applyRidge({ inputMean, outputMean, weights }: Ridge, x: Float64Array): Float64Array {
  const [p, m] = [inputMean.length, outputMean.length];
  return timesOf(less(x, inputMean), p, weights, m).map((v, at) => v + outputMean[at % m]);
}

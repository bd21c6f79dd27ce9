import { columnMeans } from "./arrays.js";
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
 * of squares, so that units do not matter; one that hardly varies, as if it did a little.
 */
export function fitRidge(x: Float64Array, p: number, y: Float64Array, m: number, penalty: number): Ridge {
  const [inputMean, outputMean] = [columnMeans(x, p), columnMeans(y, m)];
  const rows = less(x, inputMean);
  const gram = crossOf(rows, p, rows, p).slice();
  let size = 0;
  for (let k = 0; k < p; k++) size += gram[k * p + k] / p;
  for (let k = 0; k < p; k++) {
    const own = gram[k * p + k];
    gram[k * p + k] += size > 0 ? penalty * Math.max(own, 1e-9 * size) + 1e-10 * size : 1;
  }
  const weights = solvePositive(gram, p, crossOf(rows, p, less(y, outputMean), m), m);
  return { inputMean, outputMean, weights };
}

/** What it makes of rows x [n, p]: [n, m]. */
export function applyRidge({ inputMean, outputMean, weights }: Ridge, x: Float64Array): Float64Array {
  const [p, m] = [inputMean.length, outputMean.length];
  return timesOf(less(x, inputMean), p, weights, m).map((v, at) => v + outputMean[at % m]);
}

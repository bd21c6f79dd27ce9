import { linear } from "../../nn/layers.js";
import { mul, sub } from "../../ops/pointwise.js";
import { mean } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";

/** What standardizes the output of an area, all [n]; constants for every derivative. */
export interface Standardization {
  /** One over the standard deviation. */
  readonly scale: Tensor;
  /**
   * The mean; `null` for that of the batch, which the gradient sees. (A mean that lags behind and is a constant for the gradient
   * is chased by the encoder.)
   */
  readonly mean: Tensor | null;
}

/** How an area's outputs are standardized, with their past and from the zero state. */
export interface HeadStatistics {
  readonly recurrent: Standardization;
  readonly fresh: Standardization;
}

/** h = W_h (r − mean) / deviation, [B, d], of outputs r [B, n]. */
export function embed(r: Tensor, Wh: Tensor, by: Standardization): Tensor {
  const centered = sub(r, by.mean ?? mean(r, 0, { keepDims: true }));
  return linear(mul(centered, by.scale), Wh);
}

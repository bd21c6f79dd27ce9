/** Error bounds of the float32 kernels of the `js` backend, for tolerances of tests in float32. */
import { pointwise } from "../device/catalogue/catalogue.js";
import type { Float32Bound } from "../device/catalogue/kernel.js";
import { structural } from "../device/catalogue/structural.js";

export type { Float32Bound };

/** Every pointwise op, as the catalogue of kernels has it. */
export const float32Bounds: Readonly<Record<string, Float32Bound>> = Object.fromEntries(
  Object.entries(pointwise).flatMap(([name, { float32 }]) => (float32 ? [[name, float32]] : [])),
);

/** In units of 2^-24 times a scale: what the result would be if no two of its terms had opposite signs. */
export interface Float32SumBound {
  readonly value: number;
  /** Of the pullback, and of the tangent where the op is linear in each argument; times their own such scale. */
  readonly derivative: number;
  /** The scale of the value, x being the argument. */
  readonly scale: string;
}

const { sum, max, cumsum, contract, conv2d } = structural;

/**
 * Reductions and contractions, kernels and what is made of several. Sums are kept in float64 and rounded at the end: no bound
 * grows with their length.
 */
export const float32SumBounds: Readonly<Record<string, Float32SumBound>> = {
  max: { ...max.float32, scale: "max |x|" },
  sum: { ...sum.float32, scale: "sum |x|" },
  cumsum: { ...cumsum.float32, scale: "cumsum |x|" },
  mean: { value: 3, derivative: 2, scale: "mean |x|" },
  matmul: { ...contract.float32, scale: "matmul(|a|, |b|)" },
  einsum: { ...contract.float32, scale: "einsum(|a|, |b|)" },
  conv2d: { ...conv2d.float32, scale: "conv2d(|x|, |k|)" },
  avgPool2d: { value: 3, derivative: 2, scale: "avgPool2d |x|" },
  prod: { value: 1, derivative: 2, scale: "n |prod x|" },
  norm: { value: 3, derivative: 5, scale: "norm x" },
  variance: { value: 10, derivative: 10, scale: "mean (|x| + mean |x|)²" },
  logsumexp: { value: 4, derivative: 4, scale: "1 + max |x|" },
  softmax: { value: 4, derivative: 8, scale: "softmax(x) (1 + max x - x)" },
  logSoftmax: { value: 4, derivative: 8, scale: "1 + max x - x" },
};

/** Error bounds of the float32 kernels of the `js` backend, for tolerances of tests in float32. */

/**
 * In units in the last place of the exact result (2^-23 relative at the lower end of a binade, 2^-24 at the upper;
 * 2^-149 below the normal numbers), over the whole range of float32.
 */
export interface Float32Bound {
  readonly value: number;
  /** Of each first partial derivative, in forward and reverse mode alike. */
  readonly derivative: number;
}

/** Exact in float32. */
const exact = 0;
/** Kernels compute in float64 and round once; 0.001 is far above what float64 itself may add to the half. */
const once = 0.501;

/**
 * Every pointwise op. A derivative that is a kernel of its own is rounded once; others are the sum of their
 * roundings: k of them make a relative error of at most k 2^-24, which is at most k units in the last place.
 */
export const float32Bounds: Readonly<Record<string, Float32Bound>> = {
  neg: { value: exact, derivative: exact },
  abs: { value: exact, derivative: exact },
  sign: { value: exact, derivative: exact },
  floor: { value: exact, derivative: exact },
  relu: { value: exact, derivative: exact },
  clip: { value: exact, derivative: exact },
  maximum: { value: exact, derivative: exact },
  minimum: { value: exact, derivative: exact },
  add: { value: once, derivative: exact },
  sub: { value: once, derivative: exact },
  mul: { value: once, derivative: exact },
  scale: { value: once, derivative: exact },
  square: { value: once, derivative: exact },
  div: { value: once, derivative: once },
  pow: { value: once, derivative: once },
  hypot: { value: once, derivative: once },
  atan2: { value: once, derivative: once },
  exp: { value: once, derivative: once },
  expm1: { value: once, derivative: once },
  log: { value: once, derivative: once },
  sin: { value: once, derivative: once },
  cos: { value: once, derivative: once },
  sinh: { value: once, derivative: once },
  cosh: { value: once, derivative: once },
  tanh: { value: once, derivative: once },
  softplus: { value: once, derivative: once },
  silu: { value: once, derivative: once },
  gelu: { value: once, derivative: once },
  elu: { value: once, derivative: once },
  // rounded below the normal numbers a second time, by the quarter of sech²
  sigmoid: { value: once, derivative: 1 },
  // x + 1, 1 / that
  log1p: { value: once, derivative: 2 },
  // y, 0.5 / y
  sqrt: { value: once, derivative: 2 },
  // y, y / x
  rsqrt: { value: once, derivative: 2 },
  // hypot(x, 1), 1 / that
  asinh: { value: once, derivative: 2 },
  // y counted twice, y²
  reciprocal: { value: once, derivative: 3 },
  // 1 - x, 1 + x, their product, all counted half; 1 / sqrt
  asin: { value: once, derivative: 3 },
  acos: { value: once, derivative: 3 },
  // exp(-x²), the constant, their product
  erf: { value: once, derivative: 3 },
  erfc: { value: once, derivative: 3 },
  // y counted twice, y², y² + 1
  tan: { value: once, derivative: 4 },
  // x - 1, x + 1 counted half; 1 / sqrt of each; the product
  acosh: { value: once, derivative: 4 },
  // 1 - x, 1 + x, their product, 1 / that
  atanh: { value: once, derivative: 4 },
  // hypot(x, 1) and 1 / that counted twice, the square
  atan: { value: once, derivative: 5 },
  // |x| + 1 and 1 / that counted twice, the square
  softsign: { value: once, derivative: 5 },
  // y counted twice, y², 3 y², 1 / that
  cbrt: { value: once, derivative: 5 },
};

/** In units of 2^-24 times a scale: what the result would be if no two of its terms had opposite signs. */
export interface Float32SumBound {
  readonly value: number;
  /** Of the pullback, and of the tangent where the op is linear in each argument; times their own such scale. */
  readonly derivative: number;
  /** The scale of the value, x being the argument. */
  readonly scale: string;
}

/** Reductions and contractions. Sums are kept in float64 and rounded at the end: no bound grows with their length. */
export const float32SumBounds: Readonly<Record<string, Float32SumBound>> = {
  // the share of a tie, times the cotangent
  max: { value: 0, derivative: 2, scale: "max |x|" },
  sum: { value: 1, derivative: 0, scale: "sum |x|" },
  cumsum: { value: 1, derivative: 1, scale: "cumsum |x|" },
  mean: { value: 3, derivative: 2, scale: "mean |x|" },
  matmul: { value: 1, derivative: 1, scale: "matmul(|a|, |b|)" },
  einsum: { value: 1, derivative: 1, scale: "einsum(|a|, |b|)" },
  conv2d: { value: 1, derivative: 1, scale: "conv2d(|x|, |k|)" },
  avgPool2d: { value: 3, derivative: 2, scale: "avgPool2d |x|" },
  prod: { value: 1, derivative: 2, scale: "n |prod x|" },
  norm: { value: 3, derivative: 5, scale: "norm x" },
  variance: { value: 10, derivative: 10, scale: "mean (|x| + mean |x|)²" },
  logsumexp: { value: 4, derivative: 4, scale: "1 + max |x|" },
  softmax: { value: 4, derivative: 8, scale: "softmax(x) (1 + max x - x)" },
  logSoftmax: { value: 4, derivative: 8, scale: "1 + max x - x" },
};

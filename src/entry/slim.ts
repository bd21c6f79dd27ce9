/**
 * `onward/slim`: the functions of `onward` without the methods of tensors, which need every op, and without the addon: a bundle
 * holds what it imports. It runs on `js`, until the process loads `onward` as well, whose tensors and backends are the same.
 */
import "../tensor/print.js";
import { jsBackend } from "../backends/js/index.js";
import { registerBackend } from "../device/backend.js";

registerBackend(jsBackend);

export type { DType, TypedArray } from "../core/dtype.js";
export * from "../core/errors.js";
export type { Shape } from "../core/shape.js";
export type { Tree } from "../core/tree.js";
export { backendName, backendNames, useBackend } from "../device/backend.js";
export { jacfwd, tiedJacobian } from "../forward/jacfwd.js";
export { type JvpResult, jvp } from "../forward/jvp.js";
export { type Binary, type Dual, type DualNumber, dual, type Unary } from "../forward/scalar-dual.js";
export type { TiedJacobian } from "../forward/settle.js";
export { cast } from "../ops/cast.js";
export * from "../ops/compare.js";
export { dot, einsum, matmul, outer } from "../ops/contract.js";
export { avgPool2d, type ConvOptions, conv2d, maxPool2d, type Pair, type PoolOptions } from "../ops/conv.js";
export {
  arange,
  asTensor,
  type CreateOptions,
  eye,
  full,
  type Nested,
  ones,
  onesLike,
  scalar,
  tensor,
  zeros,
  zerosLike,
} from "../ops/create.js";
export { concat, stack } from "../ops/join.js";
export * from "../ops/pointwise.js";
export * as random from "../ops/random.js";
export {
  type Axes,
  argmax,
  cumsum,
  logSoftmax,
  logsumexp,
  max,
  mean,
  min,
  norm,
  prod,
  type ReduceOptions,
  softmax,
  sum,
  variance,
} from "../ops/reduce.js";
export { type ScanResult, scan } from "../ops/scan.js";
export { where } from "../ops/select.js";
export { stopGradient } from "../ops/stop-gradient.js";
export { flip, gather, pad, select } from "../ops/take.js";
export {
  broadcastTo,
  expandDims,
  flatten,
  permute,
  type Range,
  reshape,
  slice,
  squeeze,
  transpose,
} from "../ops/views.js";
export { customJvp, type JvpRule } from "../reverse/custom-jvp.js";
export { hessian, hvp, jacrev } from "../reverse/jacobians.js";
export { grad, linearize, type ValueAndGrad, type VjpResult, valueAndGrad, vjp } from "../reverse/vjp.js";
export { type Compiled, type CompileOptions, compile } from "../tensor/compile/compile.js";
export { Tensor } from "../tensor/public.js";
export { item, type NestedNumbers, toArray } from "../tensor/read.js";
export { load, type Saved, save } from "../tensor/saved/save.js";
export type { TensorClass } from "../tensor/tensor.js";
export { isTensor } from "../tensor/tensor.js";
export * as debug from "../tensor/watch/debug.js";

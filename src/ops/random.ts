import type { DType } from "../core/dtype.js";
import { requireFloat } from "../core/dtype.js";
import * as prng from "../core/prng.js";
import { checkShape, type Shape, sizeOf } from "../core/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import { tensor } from "./create.js";

export { foldIn, type Key, key, split } from "../core/prng.js";

export interface RandomOptions {
  /** Default float64. */
  readonly dtype?: DType;
}

/** Standard normal numbers; the same key gives the same bits in one JavaScript engine, and others within rounding. */
export function normal(key: prng.Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const dtype = requireFloat("random.normal", options.dtype ?? "float64");
  return tensor(prng.normal(key, sizeOf(checkShape("random.normal", shape))), { shape, dtype });
}

/** Uniform numbers in [0, 1); those of float32 are those of float64, rounded toward zero. */
export function uniform(key: prng.Key, shape: Shape = [], options: RandomOptions = {}): Tensor {
  const dtype = requireFloat("random.uniform", options.dtype ?? "float64");
  const draw = dtype === "float32" ? prng.uniform32 : prng.uniform;
  return tensor(draw(key, sizeOf(checkShape("random.uniform", shape))), { shape, dtype });
}

/** A random order of 0 to n - 1, as int32. */
export function permutation(key: prng.Key, n: number): Tensor {
  return tensor(prng.permutation(key, n), { shape: [n], dtype: "int32" });
}

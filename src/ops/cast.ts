import { type DType, isFloat, requireDType } from "../core/dtype.js";
import { apply } from "../tensor/apply.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";

const castOp: Op<{ dtype: DType }> = {
  name: "cast",
  infer: ([x], { dtype }) => ({ shape: x.shape, dtype }),
  linearize: ({ inputs: [x], attrs }) =>
    isFloat(x.dtype) && isFloat(attrs.dtype) ? [{ kind: "cast", from: x.dtype, to: attrs.dtype }] : null,
};

/**
 * The same values in another dtype: rounded toward zero for int32 (beyond its range modulo 2^32, and 0 for NaN and
 * infinities, as JavaScript's `x | 0`), 1 for everything but 0 in bool, to the nearest in float32. Derivatives pass
 * between float64 and float32 only.
 */
export function cast(x: Tensor, dtype: DType): Tensor {
  return requireTensor("cast", x).dtype === requireDType("cast", dtype) ? x : apply(castOp, [x], { dtype });
}

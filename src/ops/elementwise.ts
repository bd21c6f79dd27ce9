/**
 * Makes pointwise ops of a kernel and a derivative. Making one does nothing else, as bundlers are told: they drop an op that nobody
 * imports.
 */
import { type DType, requireFloat, sameDType } from "../core/dtype.js";
import { DTypeError } from "../core/errors.js";
import { broadcastShapes, sameShape } from "../core/shape.js";
import type { Kernel } from "../device/catalogue/kernel.js";
import * as kernels from "../device/catalogue/pointwise.js";
import { apply } from "../tensor/apply.js";
import { broadcasting, scale } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { operand } from "./create.js";

export type Operand = Tensor | number;

/** The derivative of y = f(x), as a tensor that broadcasts to x. */
export type Derivative = (x: Tensor, y: Tensor) => Tensor;
/** The partial derivatives of y = f(a, b). */
type Partials = readonly [
  (a: Tensor, b: Tensor, y: Tensor) => Tensor,
  (a: Tensor, b: Tensor, y: Tensor) => Tensor,
];

/** Requires what the kernel takes: floats, perhaps integers too. */
function checkDType(name: string, { dtypes }: Kernel, dtype: DType): DType {
  if (!dtypes.includes("int32")) return requireFloat(name, dtype);
  if (dtype === "bool")
    throw new DTypeError(`${name}: expected numbers, got bool; convert with .cast("float64")`);
  return dtype;
}

/** The op of a kernel. @param derivative `null` where it is zero wherever there is one */
/* @__NO_SIDE_EFFECTS__ */
export function unary(name: kernels.UnaryName, derivative: Derivative | null): (x: Operand) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([x]) => ({ shape: x.shape, dtype: checkDType(name, kernels.unary[name], x.dtype) }),
    linearize: ({ inputs: [x], output }) => derivative && [scale(derivative(x, output))],
  };
  return (x) => apply(op, [operand(name, x, "float64")], null);
}

/** The op of a kernel, whose operands are broadcast. */
/* @__NO_SIDE_EFFECTS__ */
export function binary(name: kernels.BinaryName, partials: Partials): (a: Operand, b: Operand) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([a, b]) => ({
      shape: broadcastShapes(name, [a.shape, b.shape]),
      dtype: checkDType(name, kernels.binary[name], sameDType(name, [a.dtype, b.dtype])),
    }),
    linearize: ({ inputs: [a, b], output }, i) => {
      const from = (i === 0 ? a : b).shape;
      const map = scale(partials[i](a, b, output));
      return sameShape(from, output.shape) ? [map] : [broadcasting(from, output.shape), map];
    },
  };
  return (a, b) => {
    const left = isTensor(a) ? a : operand(name, a, isTensor(b) ? b.dtype : "float64");
    return apply(op, [left, operand(name, b, left.dtype)], null);
  };
}

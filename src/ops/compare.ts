import { type DType, sameDType } from "../core/dtype.js";
import { DTypeError } from "../core/errors.js";
import { broadcastShapes } from "../core/shape.js";
import type { BinaryName, UnaryName } from "../device/catalogue/pointwise.js";
import { apply } from "../tensor/apply.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { operand } from "./create.js";

/** Comparisons and logic look at primal values only and give `bool`: they have no derivative. */
/* @__NO_SIDE_EFFECTS__ */
function comparison(name: BinaryName): (a: Tensor, b: Tensor | number) => Tensor {
  const op: Op<null> = {
    name,
    infer: ([a, b]) => {
      sameDType(name, [a.dtype, b.dtype]);
      return { shape: broadcastShapes(name, [a.shape, b.shape]), dtype: "bool" };
    },
    linearize: null,
  };
  return (a, b) => apply(op, [requireTensor(name, a), operand(name, b, a.dtype)], null);
}

export const equal = comparison("equal");
export const notEqual = comparison("notEqual");
export const less = comparison("less");
export const lessEqual = comparison("lessEqual");
export const greater = comparison("greater");
export const greaterEqual = comparison("greaterEqual");

function requireBool(name: string, dtype: DType): void {
  if (dtype !== "bool") throw new DTypeError(`${name}: expected bool, got ${dtype}`);
}

/* @__NO_SIDE_EFFECTS__ */
function logic(name: UnaryName | BinaryName): Op<null> {
  return {
    name,
    infer: (inputs) => {
      for (const x of inputs) requireBool(name, x.dtype);
      return {
        shape: broadcastShapes(
          name,
          inputs.map((x) => x.shape),
        ),
        dtype: "bool",
      };
    },
    linearize: null,
  };
}

const andOp = logic("logicalAnd");
const orOp = logic("logicalOr");
const notOp = logic("logicalNot");

export const logicalAnd = (a: Tensor, b: Tensor): Tensor =>
  apply(andOp, [requireTensor("logicalAnd", a), requireTensor("logicalAnd", b)], null);
export const logicalOr = (a: Tensor, b: Tensor): Tensor =>
  apply(orOp, [requireTensor("logicalOr", a), requireTensor("logicalOr", b)], null);
export const logicalNot = (a: Tensor): Tensor => apply(notOp, [requireTensor("logicalNot", a)], null);

import { ShapeError } from "../core/errors.js";
import { requireFunction } from "../core/require-function.js";
import { mapTree } from "../core/tree.js";
import { nodeKind } from "../core/tree-node.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { ForwardReading } from "./dual.js";
import { Axis } from "./factor.js";
import { settle, type TiedJacobian } from "./settle.js";
import { requireDifferentiable } from "./tangents.js";
import { seed, type Tangent } from "./term.js";
import { tiedTangents } from "./tied.js";

/**
 * The Jacobian of `f` with respect to its first argument, by forward mode on tied tangents: an elementwise function
 * of n numbers costs O(n) multiplications. The result has shape [...output axes, ...input axes], one per output leaf.
 * @throws ShapeError where the first argument is no tensor, or the result no tree of tensors
 */
export function jacfwd<R, A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => R,
  ...more: never[]
): (x: Tensor, ...rest: A) => R {
  requireFunction("jacfwd", f, more);
  return jacobian("jacfwd", f, (j) => j.dense()) as (x: Tensor, ...rest: A) => R;
}

/** The same with ties kept: an elementwise function of n numbers gives n numbers. */
export function tiedJacobian<R, A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => R,
  ...more: never[]
): (x: Tensor, ...rest: A) => unknown {
  requireFunction("tiedJacobian", f, more);
  return jacobian("tiedJacobian", f, (j) => j);
}

/** The derivative of each leaf of the result, in the form that is asked for. */
export function jacobian<R, A extends readonly unknown[]>(
  who: string,
  f: (x: Tensor, ...rest: A) => R,
  form: (j: TiedJacobian) => unknown,
): (x: Tensor, ...rest: A) => unknown {
  return (x, ...rest) => {
    if (!isTensor(x)) throw new ShapeError(`${who}: expected a tensor as first argument, got ${nodeKind(x)}`);
    requireDifferentiable(who, x, 0);
    const reading = new ForwardReading<Tangent>(who, tiedTangents);
    const source = x.shape.map((n, i) => new Axis(n, `axis ${i}`));
    const derivative = (t: Tensor): unknown => {
      const { primal, tangent } = reading.split(t);
      return form(settle(tangent, primal.shape, source, primal.dtype));
    };
    try {
      const out = f(reading.join(x, seed(source, x.dtype)), ...rest);
      return mapTree(out, isTensor, derivative, { who, role: "result" });
    } finally {
      reading.open = false;
    }
  };
}

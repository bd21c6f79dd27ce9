import { ShapeError } from "../core/errors.js";
import { mapTree } from "../core/tree.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { ForwardTrace } from "./dual.js";
import { Axis } from "./factor.js";
import { settle, type TiedJacobian } from "./settle.js";
import { requireDifferentiable } from "./tangents.js";
import { seed, type Tangent } from "./term.js";
import { tiedTangents } from "./tied.js";

/**
 * The Jacobian of `f` with respect to its first argument, by forward mode on tied tangents: an elementwise function
 * of n numbers costs O(n) multiplications. The result has shape [...output axes, ...input axes], one per output leaf.
 */
export function jacfwd<R, A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => R,
): (x: Tensor, ...rest: A) => R {
  const tied = tiedJacobian(f);
  return (x, ...rest) => mapJacobians(tied(x, ...rest), (j) => j.dense()) as R;
}

/** The same with ties kept: an elementwise function of n numbers gives n numbers. */
export function tiedJacobian<R, A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => R,
): (x: Tensor, ...rest: A) => unknown {
  return (x, ...rest) => {
    if (!isTensor(x)) throw new ShapeError(`jacfwd: expected a tensor as first argument, got ${typeof x}`);
    requireDifferentiable("jacfwd", x, 0);
    const trace = new ForwardTrace<Tangent>("jacfwd", tiedTangents);
    const source = x.shape.map((n, i) => new Axis(n, `axis ${i}`));
    try {
      const out = f(trace.join(x, seed(source, x.dtype)), ...rest);
      return mapTree(out, isTensor, (t: Tensor) => {
        const { primal, tangent } = trace.split(t);
        return settle(tangent, primal.shape, source, primal.dtype);
      });
    } finally {
      trace.open = false;
    }
  };
}

function mapJacobians(tree: unknown, g: (j: TiedJacobian) => Tensor): unknown {
  const isJacobian = (node: unknown): node is TiedJacobian =>
    typeof node === "object" && node !== null && "ties" in node && "values" in node;
  return mapTree(tree, isJacobian, g);
}

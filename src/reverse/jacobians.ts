import { ShapeError } from "../core/errors.js";
import { requireFunction } from "../core/require-function.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { nodeKind } from "../core/tree-node.js";
import { jacobian } from "../forward/jacfwd.js";
import { pushForward } from "../forward/jvp.js";
import { pairTangents } from "../forward/tangents.js";
import { zeros, zerosLike } from "../ops/create.js";
import { stack } from "../ops/join.js";
import { fromMatrix } from "../ops/matrices.js";
import { reshape } from "../ops/views.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { grad, vjpAs } from "./vjp.js";

/**
 * The Jacobian of `f` with respect to its first argument, by reverse mode: one pullback per output entry.
 * Shape [...output axes, ...input axes]; a tree of these where the argument is a tree. The output is one tensor.
 */
export function jacrev<P, A extends readonly unknown[]>(
  f: (x: P, ...rest: A) => Tensor,
  ...more: never[]
): (x: P, ...rest: A) => P {
  requireFunction("jacrev", f, more);
  return (x, ...rest) => {
    const { value, pullback } = vjpAs("jacrev", (p: P) => f(p, ...rest), [x] as const);
    if (!isTensor(value)) throw new ShapeError(`jacrev: expected a tensor as result, got ${nodeKind(value)}`);
    const n = value.size;
    // each row has the tree that the others have, so that their leaves come in one order
    const rows = Array.from({ length: n }, (_, i) => {
      const unit = fromMatrix(
        Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)),
        value.shape,
        value.dtype,
      );
      return pullback(unit)[0];
    });
    const tree = n > 0 ? rows[0] : pullback(zerosLike(value))[0];
    const leaves = rows.map((row) => leavesOf<Tensor>(row, isTensor));
    const columns = leavesOf<Tensor>(tree, isTensor).map(({ value: leaf }, k) => {
      const shape = [...value.shape, ...leaf.shape];
      if (n === 0) return zeros(shape, { dtype: leaf.dtype });
      return reshape(stack(leaves.map((row) => row[k].value)), shape);
    });
    return fillTree(tree, isTensor, columns) as P;
  };
}

/** The Hessian of a scalar function of one tensor, forward over reverse: [...axes, ...axes]. */
export function hessian<A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => Tensor,
  ...more: never[]
): (x: Tensor, ...rest: A) => Tensor {
  requireFunction("hessian", f, more);
  return jacobian("hessian", grad(f), (j) => j.dense()) as (x: Tensor, ...rest: A) => Tensor;
}

/** Hessian times vector, without forming the Hessian; `v` has the paths and shapes of `x`, the result the tree of `x`. */
export function hvp<P>(f: (x: P) => Tensor, x: P, v: P): P {
  requireFunction("hvp", f);
  // `null` would mean a constant to what follows
  if (v === null) pairTangents("hvp", 0, x, v);
  return pushForward("hvp", grad(f), [x], [v]).tangent;
}

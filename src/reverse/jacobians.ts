import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import { mapTree } from "../core/tree.js";
import { jacfwd } from "../forward/jacfwd.js";
import { jvp } from "../forward/jvp.js";
import { zeros } from "../ops/create.js";
import { stack } from "../ops/join.js";
import { fromMatrix } from "../ops/matrices.js";
import { reshape } from "../ops/views.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { grad, vjp } from "./vjp.js";

/**
 * The Jacobian of `f` with respect to its first argument, by reverse mode: one pullback per output entry.
 * Shape [...output axes, ...input axes]; a tree of these where the argument is a tree. The output is one tensor.
 */
export function jacrev<P, A extends readonly unknown[]>(
  f: (x: P, ...rest: A) => Tensor,
): (x: P, ...rest: A) => P {
  return (x, ...rest) => {
    const { value, pullback } = vjp((p: P) => f(p, ...rest), x);
    if (!isTensor(value)) throw new ShapeError(`jacrev: expected a tensor as result, got ${typeof value}`);
    const n = value.size;
    const rows = Array.from({ length: n }, (_, i) => {
      const unit = fromMatrix(
        Array.from({ length: n }, (__, j) => (i === j ? 1 : 0)),
        value.shape,
        value.dtype,
      );
      return pullback(unit)[0];
    });
    return mapTree(x, isTensor, (leaf: Tensor, path) => {
      const shape = [...value.shape, ...leaf.shape];
      if (n === 0) return zeros(shape, { dtype: leaf.dtype });
      return reshape(stack(rows.map((row) => at(row, path))), shape);
    }) as P;
  };
}

/** The Hessian of a scalar function of one tensor, forward over reverse: [...axes, ...axes]. */
export function hessian<A extends readonly unknown[]>(
  f: (x: Tensor, ...rest: A) => Tensor,
): (x: Tensor, ...rest: A) => Tensor {
  return jacfwd(grad(f));
}

/** Hessian times vector, without forming the Hessian; `v` has the tree and shapes of `x`. */
export function hvp<P>(f: (x: P) => Tensor, x: P, v: P): P {
  return jvp(grad(f), [x], [v]).tangent;
}

function at(tree: unknown, path: string): Tensor {
  let node = tree;
  if (path) for (const name of path.split(".")) node = (node as Record<string, unknown>)[name];
  if (!isTensor(node)) throw new ShapeError(`jacrev: expected a tensor at "${path}", got ${formatShape([])}`);
  return node;
}

import { isFloat } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { formatShape, sameShape } from "../core/shape.js";
import { leavesOf } from "../core/tree.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Requires a dtype that has derivatives. */
export function requireDifferentiable(who: string, { dtype }: Tensor, path: string | number): void {
  if (!isFloat(dtype))
    throw new DTypeError(`${who}: expected float tensors, got ${dtype} at argument ${path}`);
}

/**
 * The leaves of an argument beside those of its tangent, which is a tree of the same shapes and dtypes.
 * @throws ShapeError, DTypeError where it is not
 */
export function pairTangents(
  who: string,
  position: number,
  primal: unknown,
  tangent: unknown,
): (readonly [Tensor, Tensor])[] {
  const [values, along] = [primal, tangent].map((tree) => leavesOf<Tensor>(tree, isTensor, who));
  if (values.length !== along.length)
    throw new ShapeError(
      `${who}: tangent ${position} must have the tree of its primal, got ${values.length} and ${along.length} leaves`,
    );
  return values.map(({ path, value }, j) => {
    const t = along[j].value;
    requireDifferentiable(who, value, path ? `${position}.${path}` : position);
    if (!sameShape(value.shape, t.shape) || value.dtype !== t.dtype)
      throw new ShapeError(
        `${who}: tangent ${position}${path ? ` at "${path}"` : ""} must be ${value.dtype} ${formatShape(value.shape)}, got ${t.dtype} ${formatShape(t.shape)}`,
      );
    return [value, t];
  });
}

import { isFloat } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { isArray } from "../core/kinds.js";
import { type Pair, pairLeaves } from "../core/pair-leaves.js";
import { formatShape, sameShape } from "../core/shape.js";
import { at, joinedPath } from "../core/tree-path.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";

/** Requires a dtype that has derivatives. */
export function requireDifferentiable(who: string, { dtype }: Tensor, path: string | number): void {
  if (!isFloat(dtype))
    throw new DTypeError(`${who}: expected float tensors, got ${dtype} at argument ${path}`);
}

/**
 * The leaves of an argument beside those of its tangent, which is a tree of the same paths, shapes and dtypes.
 * @throws ShapeError, DTypeError where it is not
 */
export function pairTangents(
  who: string,
  position: number,
  primal: unknown,
  tangent: unknown,
): readonly Pair<Tensor>[] {
  const words = { who, reference: `primal ${position}`, other: `tangent ${position}` };
  const pairs = pairLeaves<Tensor>(words, primal, tangent, isTensor);
  for (const { path, value, other } of pairs) {
    requireDifferentiable(who, value, joinedPath(position, path));
    if (!sameShape(value.shape, other.shape) || value.dtype !== other.dtype)
      throw new ShapeError(
        `${who}: ${words.other}${at(path)} must be ${value.dtype} ${formatShape(value.shape)}, got ${other.dtype} ${formatShape(other.shape)}`,
      );
  }
  return pairs;
}

/** Requires a list with one tangent per primal. */
export function requireTangents(who: string, primals: unknown, tangents: unknown): void {
  const [of, along] = [primals, tangents].map((list) => (isArray(list) ? list.length : null));
  if (of === null || along === null)
    throw new ShapeError(
      `${who}: expected arrays of primals and tangents, such as [x] and [v], got ${of === null ? "no array of primals" : "no array of tangents"}`,
    );
  if (of !== along)
    throw new ShapeError(`${who}: expected a tangent per primal, got ${of} primals and ${along} tangents`);
}

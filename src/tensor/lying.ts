import { ShapeError } from "../core/errors.js";
import { formatShape } from "../core/shape.js";
import type { Dense, Tensor } from "./tensor.js";

/**
 * Where a tensor's numbers lie, for views of them and for calls of kernels. Not to look at numbers: they leave a tensor by
 * `entries` and its like, which tell whoever records. @throws ShapeError for a tensor that is followed or has no data
 */
export function lyingOf(t: Tensor): Dense {
  const { value } = t;
  if (value.kind !== "dense")
    throw new ShapeError(
      `tensor: expected numbers in memory, got a ${value.kind} tensor ${formatShape(t.shape)}`,
    );
  return value;
}

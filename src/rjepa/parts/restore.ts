import { CheckpointError } from "../../core/errors.js";
import { pairLeaves } from "../../core/pair-leaves.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { fillTree } from "../../core/tree.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

/**
 * A tree of tensors as it was saved, in the names and order of one like it.
 * @throws CheckpointError where a tensor is missing, too many, or of another shape or dtype
 */
export function restored<T>(who: string, what: string, like: T, saved: unknown): T {
  const words = { who, reference: what, other: "what was saved" };
  try {
    const pairs = pairLeaves<Tensor>(words, like, saved, isTensor);
    for (const { path, value, other } of pairs)
      if (!sameShape(value.shape, other.shape) || value.dtype !== other.dtype)
        throw new CheckpointError(
          `${who}: expected a ${value.dtype} tensor ${formatShape(value.shape)} as ${path} of ${what}, got ${other.dtype} ${formatShape(other.shape)}`,
        );
    return fillTree(
      like,
      isTensor,
      pairs.map(({ other }) => other),
    ) as T;
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    throw new CheckpointError(error instanceof Error ? error.message : `${who}: expected ${what}`);
  }
}

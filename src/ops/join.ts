import { sameDType } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { formatShape, normalizeAxis } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { shiftedIndex } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import type { Tensor } from "../tensor/tensor.js";
import { expandDims } from "./views.js";

const concatOp: Op<{ axis: number }> = {
  name: "concat",
  infer: (inputs, { axis }) => {
    const [first] = inputs;
    for (const x of inputs)
      if (x.shape.length !== first.shape.length || x.shape.some((d, i) => i !== axis && d !== first.shape[i]))
        throw new ShapeError(
          `concat: shapes must agree except on axis ${axis}, got ${formatShape(first.shape)} and ${formatShape(x.shape)}`,
        );
    const total = inputs.reduce((n, x) => n + x.shape[axis], 0);
    return {
      shape: first.shape.map((d, i) => (i === axis ? total : d)),
      dtype: sameDType(
        "concat",
        inputs.map((x) => x.dtype),
      ),
    };
  },
  linearize: ({ inputs, output, attrs: { axis } }, i) => {
    const start = inputs.slice(0, i).reduce((n, x) => n + x.shape[axis], 0);
    const size = inputs[i].shape[axis];
    return [{ kind: "take", axis, index: shiftedIndex(start, size, output.shape[axis]), size }];
  },
};

/** Tensors joined along an axis. */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  if (parts.length === 0) throw new ShapeError("concat: expected at least one tensor, got none");
  if (parts.length === 1) return parts[0];
  return apply(concatOp, parts, { axis: normalizeAxis("concat", axis, parts[0].rank) });
}

/** Tensors of one shape along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  if (parts.length === 0) throw new ShapeError("stack: expected at least one tensor, got none");
  return concat(
    parts.map((part) => expandDims(part, axis < 0 ? axis + parts[0].rank + 1 : axis)),
    axis,
  );
}

import { sameDType } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { isArray, kindOf } from "../core/kinds.js";
import { formatShape, normalizeAxis, sameShape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { shiftedIndex } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
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

function requireTensors(who: string, parts: readonly Tensor[]): void {
  if (!isArray(parts)) throw new ShapeError(`${who}: expected an array of tensors, got ${kindOf(parts)}`);
  if (parts.length === 0) throw new ShapeError(`${who}: expected at least one tensor, got none`);
  for (let i = 0; i < parts.length; i++) requireTensor(who, parts[i]);
}

/** Tensors joined along an axis. @throws ShapeError where there is none, or shapes differ besides on the axis */
export function concat(parts: readonly Tensor[], axis = 0): Tensor {
  requireTensors("concat", parts);
  const at = normalizeAxis("concat", axis, parts[0].rank);
  return parts.length === 1 ? parts[0] : apply(concatOp, [...parts], { axis: at });
}

/** Tensors of one shape along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  requireTensors("stack", parts);
  const [first] = parts;
  const at = normalizeAxis("stack", axis, first.rank + 1);
  const other = parts.find((part) => !sameShape(part.shape, first.shape));
  if (other)
    throw new ShapeError(
      `stack: shapes must agree, got ${formatShape(first.shape)} and ${formatShape(other.shape)}`,
    );
  return concat(
    parts.map((part) => expandDims(part, at)),
    at,
  );
}

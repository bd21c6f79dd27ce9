import { sameDType } from "../core/dtype.js";
import { DTypeError } from "../core/errors.js";
import { broadcastShapes, sameShape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { broadcasting, scale } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { isTensor, requireTensor, type Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { logicalNot } from "./compare.js";
import { operand } from "./create.js";

const whereOp: Op<null> = {
  name: "where",
  infer: ([condition, a, b]) => {
    if (condition.dtype !== "bool")
      throw new DTypeError(`where: expected a bool condition, got ${condition.dtype}`);
    return {
      shape: broadcastShapes("where", [condition.shape, a.shape, b.shape]),
      dtype: sameDType("where", [a.dtype, b.dtype]),
    };
  },
  linearize: ({ inputs, output }, i) => {
    if (i === 0) return null;
    const chosen = cast(i === 1 ? inputs[0] : logicalNot(inputs[0]), output.dtype);
    const from = inputs[i].shape;
    const map = scale(chosen);
    return sameShape(from, output.shape) ? [map] : [broadcasting(from, output.shape), map];
  },
};

/** a where the condition holds, b elsewhere; all three broadcast. */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  const dtype = isTensor(a) ? a.dtype : isTensor(b) ? b.dtype : "float64";
  return apply(
    whereOp,
    [requireTensor("where", condition), operand("where", a, dtype), operand("where", b, dtype)],
    null,
  );
}

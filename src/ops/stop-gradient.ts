import { apply } from "../tensor/apply.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";

const op: Op<null> = {
  name: "stopGradient",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
  linearize: () => null,
  view: (x) => x,
};

/** The same value, constant to every derivative. */
export function stopGradient(x: Tensor): Tensor {
  return apply(op, [requireTensor("stopGradient", x)], null);
}

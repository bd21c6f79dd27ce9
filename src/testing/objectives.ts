import { anything, having, listOf } from "../core/kinds.js";
import type { LossContext } from "../learn/model/model.js";
import { squaredError } from "../learn/model/network.js";
import { add, mul, square, sub } from "../ops/pointwise.js";
import { sum } from "../ops/reduce.js";
import type { Tensor } from "../tensor/tensor.js";

/** Half the squared distance from the target, plus half the squared change of the top output since the step before. */
export function slowError<S>(context: LossContext<S>): Tensor {
  const fit = squaredError(context);
  const { now, before } = context;
  if (before === null || before === undefined) return fit;
  having({ outputs: listOf(anything, now.outputs.length) })("slowError", "the moment before", before);
  const top = now.outputs.length - 1;
  return add(fit, mul(sum(square(sub(now.outputs[top], before.outputs[top]))), 0.5));
}

/** Losses by name: of the step alone, and of the step and the one before. */
export const objectives = { squared: squaredError, slow: slowError } as const;
export type Objective = keyof typeof objectives;

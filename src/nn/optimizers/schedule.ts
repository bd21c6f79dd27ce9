import { isFloat } from "../../core/dtype.js";
import { ArgumentError } from "../../core/errors.js";
import { callable, count, either, finite, type Known } from "../../core/kinds.js";
import { formatShape } from "../../core/shape.js";
import { less } from "../../ops/compare.js";
import { asTensor } from "../../ops/create.js";
import { add, cos, div, minimum, mul, sub } from "../../ops/pointwise.js";
import { where } from "../../ops/select.js";
import { allFinite } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

/**
 * A constant, or a value per update. A function is given the number of updates before, a scalar of float64: with ops it is
 * replayed inside `compile`; with operators or `item` it looks at a number, and is not.
 */
export type Schedule = number | ((update: Tensor) => Tensor | number);

export interface RateOptions {
  readonly rate: Schedule;
  /** A factor on the rate for a parameter, by its path such as `readout.WG`. */
  readonly scale?: (path: string) => number;
}

export const rating: Known<RateOptions> = {
  rate: either("a number or a function", finite, callable),
  scale: callable,
};

/** The rate of an update, a scalar. @throws ArgumentError where a schedule gives no finite scalar */
export function rateAt(who: string, schedule: Schedule, update: Tensor): Tensor | number {
  return typeof schedule === "number"
    ? schedule
    : scalarOf(who, "the rate of the schedule", schedule(update));
}

/** A scalar as it is. @throws ArgumentError for what is none, or not finite */
export function scalarOf(who: string, what: string, given: Tensor | number): Tensor | number {
  if (!isTensor(given)) finite(who, what, given);
  else if (given.rank > 0 || !isFloat(given.dtype) || !allFinite(given))
    throw new ArgumentError(
      `${who}: expected ${what} to be a finite scalar, got ${given.rank > 0 || !isFloat(given.dtype) ? `${given.dtype} ${formatShape(given.shape)}` : "one that is not finite"}`,
    );
  return given;
}

/** Linear warm-up over `warmup` updates, then a half cosine down to zero at `total`, whole numbers both, `warmup` at most `total`. */
export function warmupCosine(
  peak: number,
  warmup: number,
  total: number,
): (update: Tensor | number) => Tensor {
  finite("warmupCosine", "the peak", peak);
  count(0)("warmupCosine", "the total", total);
  count(0, total)("warmupCosine", "the warm-up", warmup);
  return (given) => {
    const update = asTensor(given);
    const rising = div(mul(add(update, 1), peak), Math.max(1, warmup));
    const progress = minimum(1, div(sub(update, warmup), Math.max(1, total - warmup)));
    const falling = mul(add(cos(mul(progress, Math.PI)), 1), peak / 2);
    return where(less(update, warmup), rising, falling);
  };
}

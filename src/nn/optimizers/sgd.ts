import { ArgumentError } from "../../core/errors.js";
import { flag, type Known, options as optionsOf } from "../../core/kinds.js";
import { add, mul } from "../../ops/pointwise.js";
import { share } from "./kinds.js";
import { each, type Optimizer, optimizerOf } from "./optimizer.js";
import { type RateOptions, rating } from "./schedule.js";

export interface SgdOptions extends RateOptions {
  /** Share of the last step that is taken again; default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum (Nesterov 1983, as Sutskever et al. 2013 write it). */
  readonly nesterov?: boolean;
}

/** Gradient descent: x − rate · v, where v = momentum · v + g (Polyak 1964); with momentum, `velocity` is in its state. */
export function sgd(given: SgdOptions): Optimizer {
  const known: Known<SgdOptions> = { ...rating, momentum: share, nesterov: flag };
  const { momentum = 0, nesterov = false, ...options } = optionsOf("sgd", given, known, ["rate"]);
  if (nesterov && momentum === 0)
    throw new ArgumentError("sgd: expected momentum above 0 where nesterov is true, got 0");
  const slots: readonly "velocity"[] = momentum === 0 ? [] : ["velocity"];
  const change = each<"velocity">(({ g, kept, rate }) => {
    if (momentum === 0) return { step: mul(g, rate), kept };
    const velocity = add(mul(kept.velocity, momentum), g);
    return { step: mul(nesterov ? add(mul(velocity, momentum), g) : velocity, rate), kept: { velocity } };
  });
  return optimizerOf("sgd", options, slots, change);
}

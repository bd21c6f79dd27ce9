import { BackwardLearner } from "../learners/backward-learner.js";
import { backwardCrossing } from "../learners/crossings.js";
import { originOf } from "../learners/saved-learner.js";
import { WindowLearner } from "../learners/window-learner.js";
import { whyByOps } from "../model/purity.js";
import type { Rule, RuleOptions } from "./_rule.js";

export interface TbpttOptions extends RuleOptions {
  /** Steps that are recorded together; default 20. */
  readonly window?: number;
}

/**
 * Truncated backpropagation through time (Williams & Peng 1990, with h = h'): every `window` steps the record is
 * transposed and the past becomes constant, so errors go back to the start of their window only. Exact up to T = window. A loss that
 * reads the step before, as R-JEPA's does, needs a window of at least 2: with 1 that step is always a constant, what it owes
 * to the parameters of the areas is lost, and their gradient may be zero altogether. `plan` warns of it.
 */
export const rule: Rule<TbpttOptions> = {
  name: "tbptt",
  summary: "biased; backward within windows of steps",
  exactness: "biased",
  setting: { option: "window", value: 20 },
  start: (model, params, { window = 20, compile } = {}) => {
    const origin = originOf("tbptt", { window, compile });
    const byOps = whyByOps(model, compile);
    if (byOps !== null) return new BackwardLearner(model, params, { origin, window, byOps });
    const start = () => backwardCrossing(model, "tbptt");
    return new WindowLearner(model, params, { origin, window, compile, start });
  },
};

import { BackwardLearner } from "../learners/backward-learner.js";
import { backwardCrossing } from "../learners/crossings.js";
import { originOf } from "../learners/saved-learner.js";
import { WindowLearner } from "../learners/window-learner.js";
import type { Rule } from "./_rule.js";

/**
 * Backpropagation through time (Werbos 1990): the oracle that other rules are measured against. With `compile`, steps compute
 * values only, and the whole sequence is taken again when the gradient is asked for: for sequences of few lengths, over and
 * over. By default each step is recorded when it is taken.
 */
export const rule: Rule = {
  name: "bptt",
  summary: "exact, backward through the recorded past; memory grows with T",
  exactness: "exact",
  start: (model, params, { compile } = {}) => {
    const origin = originOf("bptt", { compile });
    return compile
      ? new WindowLearner(model, params, {
          origin,
          window: Number.POSITIVE_INFINITY,
          compile,
          start: () => backwardCrossing(model, "bptt"),
        })
      : new BackwardLearner(model, params, { origin, byOps: "bptt replays only with compile: true" });
  },
};

import { ForwardLearner } from "../forward-learner.js";
import { TracedInfluence } from "../influence/traced.js";
import type { Rule } from "../rule.js";

/**
 * Recurrent-Forward Propagation, in our formulation: the exact gradient forward in time, on an influence that stores
 * ties once. `credit: "local"` keeps each area's own block only; it is exact where no recurrent area lies above.
 */
export const rule: Rule = {
  name: "rfp",
  summary: "exact, forward in time; memory flat in T, small where ties survive",
  exactness: "exact",
  start: (model, params, { credit = "exact", memoryLimit, compile } = {}) =>
    new ForwardLearner(model, params, {
      rule: "rfp",
      credit,
      compile,
      influence: (...from) =>
        new TracedInfluence("rfp", ...from, { credit: credit === "local" ? "own" : "exact", memoryLimit }),
    }),
};

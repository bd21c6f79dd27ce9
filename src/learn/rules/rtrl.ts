import { TracedInfluence } from "../influence/traced.js";
import { ForwardLearner } from "../learners/forward-learner.js";
import { originOf } from "../learners/saved-learner.js";
import type { Rule } from "./_rule.js";

/**
 * Real-time recurrent learning (Williams & Zipser 1989): the whole influence matrix, every state by every parameter,
 * dense on purpose. The same engine as RFP with all ties broken and every structural zero stored.
 */
export const rule: Rule = {
  name: "rtrl",
  summary: "exact, forward in time; every state by every parameter, dense",
  exactness: "exact",
  start: (model, params, { memoryLimit, compile } = {}) =>
    new ForwardLearner(model, params, {
      origin: originOf("rtrl", { compile }),
      credit: "exact",
      compile,
      influence: (...from) =>
        new TracedInfluence("rtrl", ...from, { credit: "exact", dense: true, memoryLimit }),
    }),
};

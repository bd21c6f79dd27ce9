import { ForwardLearner } from "../forward-learner.js";
import { TracedInfluence } from "../influence/traced.js";
import type { Rule } from "../rule.js";

/**
 * Random-feedback online learning without the random feedback (Murray 2019; in the form of Marschall, Cho & Savin
 * 2020): traces that decay with the leak of their unit, whatever else the recurrence does. For cells with gates the leak is
 * all that carries a state on past every nonlinearity, such as a forget gate. Exact where that is the whole recurrence.
 */
export const rule: Rule = {
  name: "rflo",
  summary: "biased; traces that decay with each unit's leak",
  exactness: "biased",
  start: (model, params, { memoryLimit, compile } = {}) =>
    new ForwardLearner(model, params, {
      rule: "rflo",
      credit: "local",
      compile,
      influence: (...from) =>
        new TracedInfluence("rflo", ...from, { credit: "own", paths: "carried", memoryLimit }),
    }),
};

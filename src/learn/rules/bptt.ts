import { BackwardLearner } from "../backward-learner.js";
import type { Rule } from "../rule.js";

/** Backpropagation through time (Werbos 1990): the oracle that other rules are measured against. */
export const rule: Rule = {
  name: "bptt",
  summary: "exact, backward through the recorded past; memory grows with T",
  exactness: "exact",
  start: (model, params) => new BackwardLearner(model, params, { rule: "bptt" }),
};

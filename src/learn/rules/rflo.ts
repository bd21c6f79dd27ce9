import { originOf } from "../learners/saved-learner.js";
import type { Rule } from "./_rule.js";
import { onTraces } from "./rfp.js";

/**
 * Random-feedback online learning without the random feedback (Murray 2019, whose traces decay with the leak of a unit and
 * leave the recurrent term out; in the form of Marschall, Cho & Savin 2020). A path from an old state to the new one counts
 * where every op on it is linear in the state by a coefficient that does not depend on this state: equal functions are
 * treated alike, so `mul(h, h)` as `square(h)`. What reaches a unit through a matrix, a sum or a convolution is an input to it,
 * as in the source, so a forget gate that other units set is a leak; one that reads its own unit's state elementwise is none.
 * Exact where the leak is the whole recurrence.
 */
export const rule: Rule = {
  name: "rflo",
  summary: "biased; traces that decay with each unit's leak",
  exactness: "biased",
  start: (model, params, { memoryLimit, compile } = {}) =>
    onTraces(originOf("rflo", { compile }), model, params, {
      credit: "own",
      paths: "carried",
      memoryLimit,
      compile,
    }),
};

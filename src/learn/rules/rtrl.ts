import { originOf } from "../learners/saved-learner.js";
import type { Rule } from "./_rule.js";
import { onTraces } from "./rfp.js";

/**
 * Real-time recurrent learning (Williams & Zipser 1989): the whole influence matrix, every state by every parameter,
 * dense on purpose. The same engine as RFP with all ties broken and every structural zero stored.
 */
export const rule: Rule = {
  name: "rtrl",
  summary: "exact, forward in time; every state by every parameter, dense",
  exactness: "exact",
  start: (model, params, { memoryLimit, compile } = {}) =>
    onTraces(originOf("rtrl", { compile }), model, params, {
      credit: "exact",
      dense: true,
      memoryLimit,
      compile,
    }),
};

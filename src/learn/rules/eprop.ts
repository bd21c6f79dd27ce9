import { originOf } from "../learners/saved-learner.js";
import type { Rule } from "./_rule.js";
import { onTraces } from "./rfp.js";

/**
 * E-prop (Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass 2020) with symmetric feedback: eligibility
 * traces follow the states of one unit through its own dynamics, all paths through other units or recurrent matrices are
 * left out, and the learning signal is the error of the moment. Areas below hear of it within the step. Exact for one area
 * of units that keep to themselves.
 */
export const rule: Rule = {
  name: "eprop",
  summary: "biased; traces within each unit, past recurrent matrices",
  exactness: "biased",
  start: (model, params, { memoryLimit, compile } = {}) =>
    onTraces(originOf("eprop", { compile }), model, params, {
      credit: "own",
      paths: "within",
      memoryLimit,
      compile,
    }),
};

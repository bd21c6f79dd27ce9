import { originOf } from "../learners/saved-learner.js";
import type { Rule, RuleOptions } from "./_rule.js";
import { onTraces } from "./rfp.js";

export interface SnapOptions extends RuleOptions {
  /** Steps within which a parameter must reach a state for their influence to be kept; default 1. */
  readonly order?: number;
}

/**
 * Sparse n-step approximation of the influence (Menick, Elsen, Evci, Osindero, Simonyan & Graves 2021): entries of M
 * that a parameter reaches within n steps are kept and advance as in RTRL, all others are zero. Which they are follows
 * from the ties of the step, area by area: what is kept is a block of one area's states by one parameter, with the ties that
 * it has, not single entries. A step is that of the whole stack, so areas above are reached at once, and each block between
 * areas is kept as it is reached; in stacks of areas that mix their units `snap(1)` therefore holds more than the source's, and
 * drops less. Exact where n steps reach all that any number reaches, as for one area of units that keep to themselves.
 */
export const rule: Rule<SnapOptions> = {
  name: "snap",
  summary: "biased; the influence where a parameter reaches a state within n steps",
  exactness: "biased",
  setting: { option: "order", value: 1 },
  start: (model, params, { order = 1, credit = "exact", memoryLimit, compile } = {}) =>
    onTraces(originOf("snap", { order, credit, compile }), model, params, {
      credit: credit === "local" ? "own" : "exact",
      order,
      memoryLimit,
      compile,
    }),
};

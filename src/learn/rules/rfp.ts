import { ArgumentError } from "../../core/errors.js";
import { forwardCrossing } from "../crossings.js";
import { ForwardLearner } from "../forward-learner.js";
import { TracedInfluence } from "../influence/traced.js";
import type { Rule, RuleOptions } from "../rule.js";
import { WindowLearner } from "../window-learner.js";

export interface RfpOptions extends RuleOptions {
  /**
   * Steps H that the influence crosses at once; default 1. Exact for every H. H memory-bound updates become one product of
   * matrices, for a record of H steps; updates of the parameters end a block early.
   */
  readonly window?: number;
}

/**
 * Recurrent-Forward Propagation, in our formulation: the exact gradient forward in time, on an influence that stores
 * ties once. `credit: "local"` keeps each area's own block only; it is exact where no recurrent area lies above.
 */
export const rule: Rule<RfpOptions> = {
  name: "rfp",
  summary: "exact, forward in time; memory flat in T, small where ties survive",
  exactness: "exact",
  setting: { option: "window", value: 1 },
  start: (model, params, { credit = "exact", memoryLimit, compile, window = 1 } = {}) => {
    if (!Number.isInteger(window) || window < 1)
      throw new ArgumentError(`rfp: expected a window of at least 1 step, got ${window}`);
    const traced = { credit: credit === "local" ? "own" : "exact", memoryLimit } as const;
    if (window > 1)
      return new WindowLearner(model, params, {
        rule: "rfp",
        window,
        compile,
        start: (...from) => forwardCrossing(model, new TracedInfluence("rfp", ...from, traced)),
      });
    return new ForwardLearner(model, params, {
      rule: "rfp",
      credit,
      compile,
      influence: (...from) => new TracedInfluence("rfp", ...from, traced),
    });
  },
};

import { leavesOf } from "../../core/tree.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import { isTensor } from "../../tensor/tensor.js";
import { automaticWindow } from "../influence/block/pays.js";
import { recordShapes, structureOf } from "../influence/structure.js";
import { TracedInfluence } from "../influence/traced.js";
import { forwardCrossing } from "../learners/crossings.js";
import { ForwardLearner } from "../learners/forward-learner.js";
import { originOf } from "../learners/saved-learner.js";
import { WindowLearner } from "../learners/window-learner.js";
import type { Model, ModelParams } from "../model/model.js";
import type { Rule, RuleOptions } from "./_rule.js";

export interface RfpOptions extends RuleOptions {
  /**
   * Steps H that the influence crosses at once; default 1. Exact for every H: H updates bound by memory become one product of
   * matrices, for a record of H steps. A block ends early where the gradient is asked for or parameters change. `auto`: 32
   * where the influence is large and crosses well, else 1.
   */
  readonly window?: number | "auto";
}

/**
 * Recurrent-Forward Propagation, in our formulation: the exact gradient forward in time, on an influence that stores
 * ties once. `credit: "local"` keeps each area's own block only; it is exact where no recurrent area lies above.
 */
export const rule: Rule<RfpOptions> = {
  name: "rfp",
  summary: "exact, forward in time; memory flat in T, small where ties survive",
  exactness: "exact",
  setting: { option: "window", value: 1, words: ["auto"] },
  start: (model, params, { credit = "exact", memoryLimit, compile, window = 1 } = {}) => {
    const traced = { credit: credit === "local" ? "own" : "exact", memoryLimit } as const;
    const steps = window === "auto" ? windowFor(model, params, traced.credit) : window;
    const origin = originOf("rfp", { window: steps, credit, compile });
    if (steps === 1)
      return new ForwardLearner(model, params, {
        origin,
        credit,
        compile,
        influence: (...from) => new TracedInfluence("rfp", ...from, traced),
      });
    return new WindowLearner(model, params, {
      origin,
      window: steps,
      compile,
      start: (...from) => forwardCrossing(model, "rfp", new TracedInfluence("rfp", ...from, traced)),
    });
  },
};

/** For one stream; more only make the influence larger. */
function windowFor<S>(model: Model<S>, params: ModelParams, credit: "exact" | "own"): number {
  const [first] = leavesOf<Tensor>(params.areas, isTensor);
  const dtype = first?.value.dtype ?? "float64";
  const input = abstractTensor({ shape: [1, ...model.areas[0].geometry.input], dtype });
  return automaticWindow(structureOf(recordShapes(model, params, input), { credit }));
}

import { leavesOf } from "../../core/tree.js";
import { abstractTensor } from "../../tensor/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import { isTensor } from "../../tensor/tensor.js";
import { automaticWindow } from "../influence/block/pays.js";
import { recordShapes, structureOf } from "../influence/structure.js";
import { TracedInfluence, type TracedOptions } from "../influence/traced.js";
import { AutomaticLearner, type Pace } from "../learners/automatic-learner.js";
import { forwardCrossing } from "../learners/crossings.js";
import { ForwardLearner, type StepOrder } from "../learners/forward-learner.js";
import type { Learner } from "../learners/learner.js";
import { type Origin, originOf } from "../learners/saved-learner.js";
import { WindowLearner } from "../learners/window-learner.js";
import type { Model, ModelParams } from "../model/model.js";
import type { Rule, RuleOptions } from "./_rule.js";

export interface RfpOptions extends RuleOptions {
  /**
   * Steps H that the influence crosses at once; default 1. Exact for every H: H updates bound by memory become one product of
   * matrices, for a record of H steps. A block ends early where the gradient is asked for or parameters change. `auto`: 1,
   * and 32 after the first 1,024 steps where the influence is large and crosses well, and rows of steps are not short.
   */
  readonly window?: number | "auto";
}

/**
 * A step in place. Any other order takes a second copy of the influence: state by state, or an area before the one below, it gives
 * gradients that are wrong, and by little (docs/rfp.md, "One step, in place").
 */
export const inPlace: StepOrder = ({ linearize, transpose, advance }) => {
  // 1. z(t) = next(θ, z(t−1), x(t)) on values, with its linear maps
  const record = linearize();
  // 2. reverse of the loss: e⁻ = ∂ℓ(t)/∂z(t−1) and e = ∂ℓ(t)/∂z(t)
  const errors = transpose(record);
  advance(record, {
    // 3. G += e⁻ · M(t−1)
    before: errors.before,
    // 4. bottom-up, area by area: M(t) = ∂next/∂z · M(t−1) + ∂next/∂θ, all states of an area before the next area reads them
    // 5. G += e · M(t)
    after: errors.after,
  });
  return { record, errors };
};

/** A learner whose influence is held as traces: all that `rfp` needs, or what another rule makes of it. */
export function onTraces<S>(
  origin: Origin,
  model: Model<S>,
  params: ModelParams,
  { credit, compile, ...traced }: Pick<RuleOptions, "compile"> & TracedOptions,
): ForwardLearner<S, TracedInfluence> {
  return new ForwardLearner(model, params, {
    origin,
    order: inPlace,
    credit: credit === "own" ? "local" : "exact",
    compile,
    influence: (...from) => new TracedInfluence(origin.rule, ...from, { credit, ...traced }),
  });
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
  start(model, params, options = {}) {
    const { credit = "exact", window = 1 } = options;
    const steps = window === "auto" ? windowFor(model, params, partsOf(credit)) : window;
    if (steps === 1) return inSteps(model, params, options);
    return window === "auto"
      ? automatically(model, params, steps, options)
      : inBlocks(model, params, steps, options);
  },
};

const partsOf = (credit: "exact" | "local"): "exact" | "own" => (credit === "local" ? "own" : "exact");

const crossingOf =
  <S>(model: Model<S>, window: number) =>
  (influence: TracedInfluence) =>
    forwardCrossing(model, "rfp", influence, window);

function inSteps<S>(
  model: Model<S>,
  params: ModelParams,
  options: RfpOptions,
): ForwardLearner<S, TracedInfluence> {
  const { credit = "exact", compile, memoryLimit } = options;
  const origin = originOf("rfp", { window: 1, credit, compile });
  return onTraces(origin, model, params, { compile, memoryLimit, credit: partsOf(credit) });
}

function inBlocks<S>(
  model: Model<S>,
  params: ModelParams,
  window: number,
  { credit = "exact", compile, memoryLimit }: RfpOptions,
): WindowLearner<S> {
  const crossing = crossingOf(model, window);
  return new WindowLearner(model, params, {
    origin: originOf("rfp", { window, credit, compile }),
    window,
    compile,
    start: (...from) =>
      crossing(new TracedInfluence("rfp", ...from, { credit: partsOf(credit), memoryLimit })),
  });
}

/** Single steps, then blocks. */
export function automatically<S>(
  model: Model<S>,
  params: ModelParams,
  window: number,
  options: RfpOptions,
  pace?: Pace,
): Learner<S> {
  const { credit = "exact", compile } = options;
  return new AutomaticLearner({
    origin: originOf("rfp", { window: "auto", credit, compile }),
    single: inSteps(model, params, options),
    blocks: inBlocks(model, params, window, options),
    crossing: crossingOf(model, window),
    pace,
  });
}

/** For one stream; more only make the influence larger. */
function windowFor<S>(model: Model<S>, params: ModelParams, credit: "exact" | "own"): number {
  const [first] = leavesOf<Tensor>(params.areas, isTensor);
  const dtype = first?.value.dtype ?? "float64";
  const input = abstractTensor({ shape: [1, ...model.areas[0].geometry.input], dtype });
  return automaticWindow(structureOf(recordShapes(model, params, input), { credit }));
}

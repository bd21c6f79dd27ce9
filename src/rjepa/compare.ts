import { pairLeaves } from "../core/pair-leaves.js";
import { relativeError } from "../core/relative-error.js";
import type { ModelParams } from "../learn/model/model.js";
import { ruleNamed } from "../learn/named.js";
import type { RuleOptions } from "../learn/rules/_rule.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { aJepa, someSamples } from "./kinds.js";
import type { Fixated, Jepa } from "./model.js";
import { runSequence } from "./train.js";

/** How far a rule's gradient is from that of backpropagation through time. */
export interface GradientDifference {
  /** The largest relative difference of any parameter block. */
  readonly worst: number;
  /** max|a − b| / max|b| per parameter block; absolute where b is zero. */
  readonly blocks: Readonly<Record<string, number>>;
  /** Bytes each rule held. */
  readonly bytes: { readonly rule: number; readonly bptt: number };
}

/** Runs a rule and backpropagation through time over one sequence and compares their gradients, block by block. */
export function compareWithBptt(
  jepa: Jepa,
  params: ModelParams,
  samples: readonly Fixated[],
  rule: string,
  options: RuleOptions,
): GradientDifference {
  aJepa("compareWithBptt", "the model", jepa);
  someSamples("compareWithBptt", "the samples", samples);
  const learners = [
    ruleNamed(rule).start(jepa.model, params, options),
    ruleNamed("bptt").start(jepa.model, params),
  ];
  const [own, reference] = learners.map((learner) => runSequence(learner, samples).gradient);
  const words = { who: "compareWithBptt", reference: "the gradient of bptt", other: `that of ${rule}` };
  const blocks = Object.fromEntries(
    pairLeaves<Tensor>(words, reference, own, isTensor).map(({ path, value, other }) => [
      path,
      relativeError(entries(other), entries(value)),
    ]),
  );
  const [first, second] = learners.map((learner) => learner.memory().bytes);
  return { worst: Math.max(...Object.values(blocks)), blocks, bytes: { rule: first, bptt: second } };
}

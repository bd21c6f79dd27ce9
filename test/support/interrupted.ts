/** A learner that is saved, lost and loaded over and over. */

import { RuleError } from "../../src/core/errors.js";
import { load, save } from "../../src/index.js";
import {
  type Learner,
  type Model,
  type ModelParams,
  type RuleOptions,
  rules,
} from "../../src/learn/index.js";

/**
 * A learner of a rule in whose place another comes before every `every`-th call, made from the bytes of what it saved: whoever
 * uses it sees one learner. One that found out its model cannot be saved, and stays.
 */
export function interrupted<S>(
  rule: keyof typeof rules,
  model: Model<S>,
  params: ModelParams,
  options: RuleOptions,
  every: number,
): Learner<S> & { readonly losses: number } {
  const { start, load: go } = rules[rule];
  let learner = start(model, params, options);
  let [calls, losses] = [0, 0];
  const lose = (): Learner<S> => {
    calls++;
    if (calls % every !== 0) return learner;
    let bytes: Uint8Array;
    try {
      bytes = save(learner.save());
    } catch (error) {
      if (error instanceof RuleError) return learner;
      throw error;
    }
    losses++;
    learner = go(model, learner.params, load(bytes));
    return learner;
  };
  return {
    step: (sample, options) => lose().step(sample, options),
    gradient: (options) => lose().gradient(options),
    inputGradient: (options) => lose().inputGradient(options),
    clearGradient: () => lose().clearGradient(),
    reset: () => lose().reset(),
    setParams: (next) => lose().setParams(next),
    memory: () => learner.memory(),
    save: () => learner.save(),
    resume: (tree) => learner.resume(tree),
    get params() {
      return learner.params;
    },
    get state() {
      return learner.state;
    },
    get opByOp() {
      return learner.opByOp;
    },
    get losses() {
      return losses;
    },
  };
}

/** A learner that is saved, lost and loaded over and over. */

import { RuleError } from "../../src/core/errors.js";
import { load, type Saved, save } from "../../src/index.js";
import type { Learner, Model, ModelParams } from "../../src/learn/index.js";

/** How learners begin, and how one goes on where another was saved. */
export interface Lifetime<S> {
  readonly start: (model: Model<S>, params: ModelParams) => Learner<S>;
  readonly load: (model: Model<S>, params: ModelParams, tree: Saved) => Learner<S>;
}

/**
 * A learner in whose place another comes before every `every`-th call, made from the bytes of what it saved: whoever
 * uses it sees one learner. One that found out its model cannot be saved, and stays.
 */
export function interrupted<S>(
  { start, load: go }: Lifetime<S>,
  model: Model<S>,
  params: ModelParams,
  every: number,
): Learner<S> & { readonly losses: number } {
  let learner = start(model, params);
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

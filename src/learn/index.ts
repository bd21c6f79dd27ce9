/** Learning rules on one contract, and what they will cost. */
import type { Model, ModelParams } from "./model.js";
import { ruleNamed } from "./named.js";
import type { Learner, RuleOptions } from "./rule.js";

export { availableMemory, checkMemory, formatBytes } from "./memory.js";
export type { LossContext, Model, ModelParams, Moment } from "./model.js";
export { type Plan, type PlanOptions, type PlanRow, plan } from "./plan.js";
export { ruleNamed } from "./named.js";
export { rules } from "./registry.js";
export type { Learner, LearnerMemory, Rule, RuleOptions, StepResult } from "./rule.js";
export { type StackOptions, type Supervised, squaredError, stack } from "./stack.js";

/** Starts Recurrent-Forward Propagation: `rfp(model, params).step(sample)`, then `.gradient()`. */
export const rfp = <S>(model: Model<S>, params: ModelParams, options?: RuleOptions): Learner<S> =>
  ruleNamed("rfp").start(model, params, options);
export const rtrl = <S>(model: Model<S>, params: ModelParams, options?: RuleOptions): Learner<S> =>
  ruleNamed("rtrl").start(model, params, options);
export const bptt = <S>(model: Model<S>, params: ModelParams, options?: RuleOptions): Learner<S> =>
  ruleNamed("bptt").start(model, params, options);

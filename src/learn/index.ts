/** Learning rules on one contract, and what they will cost. */
export { formatBytes } from "../core/bytes.js";
export type {
  AreaOutputs,
  AreaParams,
  Areas,
  AreaStates,
  LossContext,
  Model,
  ModelParams,
  Moment,
  StepLoss,
} from "./model/model.js";
export { type Plan, type PlanOptions, type PlanRow, plan } from "./plan/plan.js";
export { ruleNamed } from "./named.js";
// rfp, rtrl, bptt and every other rule as a function of its name, and `rules`, all by name
export * from "./registry.js";
export type { RfpOptions } from "./rules/rfp.js";
export type { SnapOptions } from "./rules/snap.js";
export type { TbpttOptions } from "./rules/tbptt.js";
export type { GradientOptions, Learner, LearnerMemory, StepOptions, StepResult } from "./learners/learner.js";
export type { LibraryRule, Load, Rule, RuleFunction, RuleOptions, Start } from "./rules/_rule.js";
export {
  type LearnedStarts,
  type NetworkOptions,
  network,
  type StackOptions,
  type Supervised,
  squaredError,
  stack,
} from "./model/network.js";

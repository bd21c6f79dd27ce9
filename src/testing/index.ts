/** Checks of derivatives and learning rules, and arbitraries for property tests of one's own cells and rules. */
export { type BlockError, type BlockReport, blockError } from "./block-error.js";
export { GradientError, TieError, UnsettledError } from "./errors.js";
export {
  type CheckGradientsOptions,
  checkGradients,
  type GradientReport,
  type Mode,
} from "./check-gradients.js";
export {
  type CheckLearnerOptions,
  checkLearner,
  compareGradients,
  compareLearner,
  type LearnerReport,
} from "./check-learner.js";
export { type Objective, objectives, slowError } from "./objectives.js";
export { randomParams, randomSequence } from "./random-case.js";
export {
  arbitraryCell,
  arbitrarySequence,
  arbitraryStack,
  arbitraryTensor,
  type CellCase,
  type CellOptions,
  type SequenceOptions,
  type StackCase,
  type StackCaseOptions,
  type TensorOptions,
} from "./arbitraries.js";

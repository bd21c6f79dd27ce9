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
export { type Float32Bound, type Float32SumBound, float32Bounds, float32SumBounds } from "./float32.js";
export { type CheckCellOptions, checkCell } from "./check-cell.js";
export type { CellCaseOptions, CellSubject } from "./cell-case.js";
export type { DerivativeReport } from "./cell-derivatives.js";
export type { CellReport, RuleResult } from "./cell-tally.js";
export { type ExpectTiedOptions, expectTied, type TieReport, type TieRow } from "./expect-tied.js";
export { type Objective, objectives, slowError } from "./objectives.js";
export { randomParams, randomSequence } from "./random-case.js";
export {
  arbitraryCell,
  arbitrarySequence,
  arbitraryStack,
  type CellCase,
  type CellOptions,
  type Range,
  type SequenceOptions,
  type StackCase,
  type StackCaseOptions,
} from "./arbitraries.js";
export { arbitraryTensor, type TensorOptions } from "./arbitrary-tensor.js";

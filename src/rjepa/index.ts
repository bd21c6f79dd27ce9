/** R-JEPA: a recurrent joint-embedding predictive architecture on sequences of fixated image patches. */
export {
  type AreaPreset,
  type DrivePreset,
  type Preset,
  presetNamed,
  presets,
} from "./parts/preset.js";
export { requirePreset } from "./parts/require.js";
export { type Fixated, type Jepa, type JepaOptions, jepa } from "./parts/compose.js";
export type { HeadStatistics, Standardization } from "./parts/head.js";
export { type BatchOptions, type Step, stepsOf } from "./parts/steps.js";
export { batchOf, fixationsOf } from "./parts/data.js";
export type { RunningStatistics } from "./parts/statistics.js";
export { type Batch, statisticsOf, Trainer, type TrainerOptions } from "./parts/train.js";
export { type Reader, representationOf } from "./parts/read.js";
export { type Exactness, exactnessOf } from "./parts/exactness.js";
export { type Control, controlled, type Recipe, recipeNamed } from "./run/recipe.js";
export { type LinearAlgebra, linearAlgebra } from "./linear-algebra.js";
export type {
  CropReader,
  Fixations,
  Patchwise,
  PatchFeatures,
  Readout,
  Representation,
} from "./figures/representation.js";
export { leaky } from "./figures/baselines/leaky.js";
export { trivialRepresentations } from "./figures/baselines/trivial.js";
export type { JudgeOptions } from "./figures/judging/data.js";
export { type Judgment, judge } from "./figures/judging/judge.js";
export { type JudgmentTable, judgeAll } from "./figures/judging/table.js";
export { formatJudgments } from "./figures/judging/format.js";
export { judgeVerdict, type Verdict } from "./figures/verdict.js";
export * as data from "../data/index.js";

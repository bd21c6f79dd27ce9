/** R-JEPA: a recurrent joint-embedding predictive architecture on sequences of fixated image patches. */
export {
  type AreaPreset,
  type DrivePreset,
  type Preset,
  presetNamed,
  presets,
} from "./parts/preset.js";
export type { Predictor, Told, ToldSizes } from "./parts/predictor.js";
export { requirePreset } from "./parts/require.js";
export {
  type Batch,
  type Fixated,
  type Jepa,
  type JepaOptions,
  jepa,
  type PredictingArea,
} from "./parts/compose.js";
export type { Asked, Head, Readable } from "./parts/heads.js";
export type {
  ClassPreset,
  HeadPreset,
  HeadsPreset,
  PredictorPreset,
  RegularizerPreset,
  SlowTarget,
} from "./parts/part-presets.js";
export type { HeadStatistics, Standardization } from "./parts/head.js";
export { type BatchOptions, type Step, stepsOf } from "./parts/steps.js";
export { batchOf, fixationsOf } from "./parts/data.js";
export type { RunningStatistics } from "./parts/statistics.js";
export { statisticsOf, Trainer, type TrainerOptions } from "./parts/train.js";
export type { Reader } from "./parts/reader.js";
export { representationOf } from "./parts/read.js";
export { type Exactness, type ExactnessOptions, exactnessOf, type MemoryOfRules } from "./parts/exactness.js";
export { type Control, controlled, controls, type Recipe, recipeNamed } from "./run/recipe.js";
export { type LinearAlgebra, linearAlgebra } from "./linear-algebra.js";
export type {
  CropReader,
  Described,
  Fixations,
  Patchwise,
  PatchFeatures,
  Read,
  Readout,
  Representation,
} from "./figures/representation.js";
export { leaky } from "./figures/baselines/leaky.js";
export { trivialRepresentations } from "./figures/baselines/trivial.js";
export type { Estimate } from "./figures/judging/estimate.js";
export { figures } from "./figures/registry.js";
export type { Figure, FigureValue, Point } from "./figures/_figure.js";
export type { JudgeOptions, Labeled } from "./figures/judging/data.js";
export { type FigureName, type Judgment, judge } from "./figures/judging/judge.js";
export { type JudgmentTable, judgeAll, type OfFigures, type OfRows } from "./figures/judging/table.js";
export { type FormatOptions, formatJudgments } from "./figures/judging/format.js";
export { judgeVerdict, type Verdict, type VerdictName, type VerdictOptions } from "./figures/verdict.js";
export * as data from "../data/index.js";

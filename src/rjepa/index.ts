/** R-JEPA: a recurrent joint-embedding predictive architecture on sequences of fixated image patches. */
export { loadModel, saveModel } from "./checkpoint.js";
export { compareWithBptt, type GradientDifference } from "./compare.js";
export { type Embeddings, embedAll, type Reader } from "./embed.js";
export {
  type Experiment,
  type ExperimentOptions,
  formatSummary,
  runExperiment,
  type Summary,
} from "./experiment.js";
export { type Figures, figuresOf, rankMe } from "./figures.js";
export { RunningHead } from "./head.js";
export { type Fixated, type HeadStatistics, type Jepa, type JepaOptions, jepa } from "./model.js";
export type { LinearAlgebra } from "./linear-algebra.js";
export { type ConvArea, type Preset, presetNamed, presets } from "./presets.js";
export type {
  FigureTargets,
  FixationStrip,
  GradientCheck,
  JointFigures,
  LossByStep,
  LossPoint,
  MemoryFigures,
  ReportCounts,
  ReportData,
  TrajectoryPoint,
} from "./report/data.js";
export { renderReport } from "./report/report.js";
export { type ChannelStatistics, channelStatistics, samplesOf } from "./samples.js";
export {
  firstStatistics,
  type Progress,
  runSequence,
  type Start,
  type Trained,
  type TrainOptions,
  train,
} from "./train.js";
export * as data from "../data/index.js";

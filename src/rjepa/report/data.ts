/**
 * What the report page shows: plain numbers, measured by the run.
 * T is the number of fixations of a sequence, d the size of the embedding h.
 */
export interface ReportData {
  title: string;
  /** Name of the preset, such as `nano`. */
  preset: string;
  /** Name of the learning rule, such as `rfp`. */
  rule: string;
  credit: "exact" | "local";
  seed: number;
  /** Where the images came from: "synthetic scenes" or a folder. */
  source: string;
  counts: ReportCounts;
  /** Wall-clock time of training. */
  seconds: number;
  fixationsPerSecond: number;
  gradient: GradientCheck;
  memory: MemoryFigures;
  figures: { before: JointFigures; after: JointFigures };
  /** What the figures after training must reach; see `defaultTargets` for those of the `nano` recipe. */
  targets?: Partial<FigureTargets>;
  lossCurve: readonly LossPoint[];
  lossByStep: LossByStep;
  trajectories: readonly TrajectoryPoint[];
  /** Shares of the variance of h along the two axes of the trajectories, each in [0, 1]. */
  explainedVariance: readonly [number, number];
  /** Eigenvalues of the covariance of h, largest first, `[d]` each. */
  spectrum: { before: readonly number[]; after: readonly number[] };
  strip: FixationStrip;
}

export interface ReportCounts {
  /** Images that were trained on, and those held out for the figures. */
  images: number;
  testImages?: number;
  sequences: number;
  /** Fixations seen in training. */
  steps: number;
  parameters: number;
  /** Size of the embedding h. */
  embedding?: number;
  /** What could not be used, whole or in part, by name; `*.gif (3)` for three files. */
  skippedImages?: readonly string[];
}

/** The gradient of the rule against that of backpropagation through time, on one real sequence. */
export interface GradientCheck {
  worst: number;
  /** max|a − b| / max|b| of each parameter block. */
  blocks: Readonly<Record<string, number>>;
}

/** Bytes. */
export interface MemoryFigures {
  rfp: { planned: number; measured: number };
  rtrl: { planned: number };
  /** `planned` for sequences of `steps` fixations. */
  bptt: { planned: number; steps: number };
}

/** Judged jointly, on test images: each of these alone can be had without learning. */
export interface JointFigures {
  /** Loss over the variance of h across sequences at each step. */
  ratio: number;
  /** The same for predicting that h stays as it is. */
  copy: number;
  /** The same with a linear predictor refitted by ridge regression. */
  refit: number;
  /** Loss at the last step with the last patch from another image, over the real one. */
  swap: number;
  /** Share of sequences where the swap is worse. */
  acc: number;
  /** Effective rank of h. */
  rankMe: number;
  /** Variance of h. */
  variance: number;
  /** L(2) − L(T), and its standard error over images. */
  contextGain: number;
  contextGainError: number;
}

export interface FigureTargets {
  ratio: number;
  swap: number;
  acc: number;
  rankMe: number;
  /** Variance of h over that before training. */
  variance: number;
  gradient: number;
}

export interface LossPoint {
  /** Fixations seen so far. */
  fixation: number;
  loss: number;
}

/** Loss by time step on test images; entry i is that of step `firstStep + i`. */
export interface LossByStep {
  /** The first step that can be predicted: 2, unless given. */
  firstStep?: number;
  before: readonly number[];
  after: readonly number[];
}

/** h(t) of a sequence on the first two principal axes. */
export interface TrajectoryPoint {
  sequence: number;
  /** Counted from 1. */
  step: number;
  x: number;
  y: number;
}

/** One sequence as the model sees it. */
export interface FixationStrip {
  /** Pixels. */
  width: number;
  height: number;
  /** `[height, width, 3]`, 0 to 255. */
  rgb: Uint8Array;
  /** Centers of the patches in pixels, in order, T of them. */
  fixations: readonly (readonly [x: number, y: number])[];
  /** Side of the square that a patch covers on the image, in pixels. */
  crop?: number;
  /** `data` is `[T, 3, size, size]`, 0 to 1. */
  patches: { size: number; data: Float32Array };
}

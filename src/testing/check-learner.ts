import { ArgumentError } from "../core/errors.js";
import { leavesOf } from "../core/tree.js";
import type { Model, ModelParams } from "../learn/model.js";
import { ruleNamed } from "../learn/named.js";
import type { Rule, RuleOptions } from "../learn/rule.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type BlockError, blockError } from "./block-error.js";
import { GradientError } from "./errors.js";
import { randomParams, randomSequence } from "./random-case.js";

export interface CheckLearnerOptions<S> extends RuleOptions {
  /** Default: initial values moved by 0.3 N(0, 1). */
  readonly params?: ModelParams;
  /** Time steps of data. Default: random inputs and targets, as models made by `stack` read them. */
  readonly samples?: readonly S[];
  /** Number of random time steps; default 6. */
  readonly steps?: number;
  /** Streams in parallel; default 2. */
  readonly batch?: number;
  /** Of random parameters and samples; default 0. */
  readonly seed?: number;
  /** Largest relative error of a parameter block; default 1e-10. */
  readonly tolerance?: number;
}

/** One parameter block of a comparison, such as `areas.0.W`. */
export interface BlockReport extends BlockError {
  readonly path: string;
}

export interface LearnerReport {
  readonly rule: string;
  readonly blocks: readonly BlockReport[];
  /** The block with the largest error. */
  readonly worst: BlockReport;
}

/** Compares the gradient of a learning rule with backpropagation through time, per parameter block. */
export function compareLearner<S>(
  rule: string | Rule,
  model: Model<S>,
  options: CheckLearnerOptions<S> = {},
): LearnerReport {
  const { steps = 6, batch = 2, seed = 0, params = randomParams(model, seed) } = options;
  const samples = options.samples ?? defaultSamples(model, steps, batch, seed);
  if (samples.length === 0)
    throw new ArgumentError("checkLearner: expected at least one time step, got none");
  const used = typeof rule === "string" ? ruleNamed(rule) : rule;
  const run = (r: Rule): ModelParams => {
    const learner = r.start(model, params, options);
    for (const sample of samples) learner.step(sample);
    return learner.gradient();
  };
  return { rule: used.name, ...compareGradients(run(used), run(ruleNamed("bptt"))) };
}

/**
 * Checks that a learning rule gives the gradient of backpropagation through time on a model and a sequence.
 * @throws GradientError naming the worst parameter block
 */
export function checkLearner<S>(
  rule: string | Rule,
  model: Model<S>,
  options: CheckLearnerOptions<S> = {},
): LearnerReport {
  const { tolerance = 1e-10 } = options;
  const report = compareLearner(rule, model, options);
  const { path, error, cosine, normRatio } = report.worst;
  if (!(error <= tolerance))
    throw new GradientError(
      `checkLearner: ${report.rule} must equal bptt to ${tolerance}, got a relative error of ${error.toExponential(2)} at ${path} (cosine ${cosine.toFixed(4)}, norm ratio ${normRatio.toFixed(4)})`,
    );
  return report;
}

/** Two gradients of one model, block by block. */
export function compareGradients(got: ModelParams, expected: ModelParams): Omit<LearnerReport, "rule"> {
  const wanted = leavesOf<Tensor>(expected, isTensor, "expected");
  const came = leavesOf<Tensor>(got, isTensor, "got");
  if (wanted.length === 0 || came.length !== wanted.length)
    throw new ArgumentError(
      `compareGradients: expected ${wanted.length} (at least 1) parameter blocks, got ${came.length}`,
    );
  const blocks = came.map(({ path, value }, i) => ({
    path,
    ...blockError(entries(value), entries(wanted[i].value)),
  }));
  return { blocks, worst: blocks.reduce((w, b) => (b.error > w.error ? b : w)) };
}

function defaultSamples<S>(model: Model<S>, steps: number, batch: number, seed: number): readonly S[] {
  const [bottom, top] = [model.areas[0], model.areas[model.areas.length - 1]];
  const sizes = { input: bottom.geometry.input, target: top.outputShape, steps, batch };
  return randomSequence(seed, sizes) as unknown as readonly S[];
}

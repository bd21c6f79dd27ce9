import type { TypedArray } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { leavesOf, mapTree } from "../core/tree.js";
import type { Model, ModelParams } from "../learn/model.js";
import { ruleNamed } from "../learn/named.js";
import type { Rule, RuleOptions } from "../learn/rule.js";
import { tensor } from "../ops/create.js";
import { mul } from "../ops/pointwise.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type BlockReport, blockError, blockTable } from "./block-error.js";
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
  const run = runner(model, options);
  const used = typeof rule === "string" ? ruleNamed(rule) : rule;
  const { params } = run;
  return {
    rule: used.name,
    ...compareGradients(run.gradient(used, params), run.gradient(ruleNamed("bptt"), params)),
  };
}

/**
 * Checks that a learning rule gives the gradient of backpropagation through time on a model and a sequence.
 * Where a block of that gradient is itself uncertain, because its terms cancel, a thousand times its own rounding is
 * allowed: how far it moves when its numbers are rounded anew.
 * @throws GradientError naming the worst parameter block, with a table of all
 */
export function checkLearner<S>(
  rule: string | Rule,
  model: Model<S>,
  options: CheckLearnerOptions<S> = {},
): LearnerReport {
  const { tolerance = 1e-10 } = options;
  const report = compareLearner(rule, model, options);
  if (report.worst.error <= tolerance) return report;
  const rounding = ownRounding(model, options);
  const wrong = report.blocks.filter(({ error }, i) => !(error <= Math.max(tolerance, 1000 * rounding[i])));
  if (wrong.length === 0) return report;
  const { path, error, cosine, normRatio } = worstOf(wrong);
  throw new GradientError(
    `checkLearner: ${report.rule} must equal bptt to ${tolerance}, got a relative error of ${error.toExponential(2)} at ${path} (cosine ${cosine.toFixed(4)}, norm ratio ${normRatio.toFixed(4)})\n${blockTable(report.blocks)}`,
    report.blocks,
  );
}

/** The data of a comparison, and a run of a rule over it. */
function runner<S>(model: Model<S>, options: CheckLearnerOptions<S>) {
  const { steps = 6, batch = 2, seed = 0, params = randomParams(model, seed) } = options;
  const samples = options.samples ?? defaultSamples(model, steps, batch, seed);
  if (samples.length === 0)
    throw new ArgumentError("checkLearner: expected at least one time step, got none");
  const gradient = (rule: Rule, at: ModelParams): ModelParams => {
    const learner = rule.start(model, at, options);
    for (const sample of samples) learner.step(sample);
    return learner.gradient();
  };
  return { params, gradient };
}

/** Odd factors, which round every product anew. */
const factors = [1 / 3, 0.7, 1.3];

/**
 * Relative change of each block of the exact gradient when every parameter moves by one unit in the last place, and when
 * the loss is scaled and the gradient scaled back: of the first, values round anew; of the second, all that is sent back.
 */
function ownRounding<S>(model: Model<S>, options: CheckLearnerOptions<S>): number[] {
  const { params, gradient } = runner(model, options);
  const bptt = ruleNamed("bptt");
  const exact = gradient(bptt, params);
  const moved = mapTensors(params, (t) => {
    const unit = t.dtype === "float64" ? 2 ** -52 : 2 ** -23;
    return entries(t).map((v, i) => v * (1 + (i % 2 === 0 ? unit : -unit)));
  });
  const scaled = factors.map((by) => {
    const louder: Model<S> = { ...model, loss: (context) => mul(model.loss(context), by) };
    return mapTensors(runner(louder, { ...options, params }).gradient(bptt, params), (t) =>
      entries(t).map((v) => v / by),
    );
  });
  const changes = [gradient(bptt, moved), ...scaled].map((g) => compareGradients(g, exact).blocks);
  return changes[0].map((_, i) => Math.max(...changes.map((blocks) => blocks[i].error)));
}

function mapTensors(params: ModelParams, f: (t: Tensor) => TypedArray): ModelParams {
  return mapTree(params, isTensor, (t: Tensor) =>
    tensor(f(t), { shape: t.shape, dtype: t.dtype }),
  ) as ModelParams;
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
  return { blocks, worst: worstOf(blocks) };
}

function worstOf(blocks: readonly BlockReport[]): BlockReport {
  return blocks.reduce((w, b) => (b.error > w.error ? b : w));
}

function defaultSamples<S>(model: Model<S>, steps: number, batch: number, seed: number): readonly S[] {
  const [bottom, top] = [model.areas[0], model.areas[model.areas.length - 1]];
  const sizes = { input: bottom.geometry.input, target: top.outputShape, steps, batch };
  return randomSequence(seed, sizes) as unknown as readonly S[];
}

import { derived } from "../core/derived.js";
import { isFloat, type TypedArray } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { count, having, isArray, listOf, maybe, number } from "../core/kinds.js";
import { pairLeaves } from "../core/pair-leaves.js";
import { leavesOf, mapTree } from "../core/tree.js";
import { aModel } from "../learn/model/kinds.js";
import type { Model, ModelParams } from "../learn/model/model.js";
import { ruleNamed } from "../learn/named.js";
import type { Rule, RuleOptions } from "../learn/rules/_rule.js";
import { mapLoss } from "../learn/step/heads.js";
import { tensor } from "../ops/create.js";
import { mul } from "../ops/pointwise.js";
import { entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type BlockReport, blockError, blockTable, largest } from "./block-error.js";
import { GradientError } from "./errors.js";
import { ruleOf } from "./kinds.js";
import { randomParams, randomSequence } from "./random-case.js";
import { shuffled, shuffledModel } from "./shuffle.js";

export interface CheckLearnerOptions<S> extends RuleOptions {
  /** Default: initial values moved by 0.3 N(0, 1). */
  readonly params?: ModelParams;
  /** Time steps of data. Default: random inputs and targets, as models made by `network` read them. */
  readonly samples?: readonly S[];
  /** Number of random time steps; default 6. */
  readonly steps?: number;
  /** Streams in parallel; default 2. */
  readonly batch?: number;
  /** Of random parameters and samples; default 0. */
  readonly seed?: number;
  /** Largest relative error of a parameter block; default 1e-10. */
  readonly tolerance?: number;
  /** Steps that the rule takes at once, where it has such an option; `checkLearner` tries 1, 3 and 8 where none is given. */
  readonly window?: number;
  /** Another order of the keys of parameters, states and results; 0 is theirs. `checkLearner` tries several. */
  readonly keys?: number;
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
  aModel("checkLearner", "the model", model);
  const used = ruleOf("checkLearner", rule);
  const run = runner(model, options);
  const { params } = run;
  return {
    rule: used.name,
    ...compareGradients(run.gradient(used, params), run.oracle(params)),
  };
}

/**
 * Checks that a learning rule gives the gradient of backpropagation through time on a model and a sequence: across windows
 * of 1, 3 and 8 steps, whatever the order of keys, and where the model is pure replayed too, unless options say which.
 * Where a block is itself uncertain, because its terms cancel, a thousand times its own rounding is allowed: how far the
 * gradient of either rule moves when its numbers are rounded anew.
 * @throws GradientError naming the worst parameter block, with a table of all
 */
export function checkLearner<S>(
  rule: string | Rule,
  model: Model<S>,
  options: CheckLearnerOptions<S> = {},
): LearnerReport {
  aModel("checkLearner", "the model", model);
  having({ tolerance: maybe(number), keys: maybe(count(0)) })("checkLearner", "options", options);
  const used = ruleOf("checkLearner", rule);
  const reports = waysOf(used, model, options).map((way) => checkOne(used, model, { ...options, ...way }));
  return reports.reduce((w, r) => (r.worst.error > w.worst.error ? r : w));
}

type Way = Pick<CheckLearnerOptions<unknown>, "window" | "compile" | "keys">;

/** The ways to run a rule that options leave open, the plainest first. */
function waysOf<S>(rule: Rule, model: Model<S>, options: CheckLearnerOptions<S>): Way[] {
  const windows = hasWindows(rule) && options.window === undefined ? [1, 3, 8] : [options.window];
  const replays = options.compile === undefined && model.pure === true;
  const ways = windows.map(
    (window, i): Way => ({
      window,
      compile: replays ? i % 2 === 1 : options.compile,
      keys: options.keys ?? i,
    }),
  );
  return replays ? [...ways, { ...ways[0], compile: true, keys: options.keys ?? windows.length }] : ways;
}

/** Whether a rule takes several steps at once without a change of its gradient. */
export const hasWindows = ({ exactness, setting }: Rule): boolean =>
  exactness === "exact" && setting?.option === "window";

function checkOne<S>(rule: Rule, model: Model<S>, options: CheckLearnerOptions<S>): LearnerReport {
  const { tolerance = 1e-10 } = options;
  const report = compareLearner(rule, model, options);
  if (report.worst.error <= tolerance) return report;
  const allowed = allowances(rule, model, options);
  const wrong = report.blocks.filter(({ error }, i) => !(error <= Math.max(tolerance, allowed[i])));
  if (wrong.length === 0) return report;
  const { path, error, cosine, normRatio } = worstOf(wrong);
  throw new GradientError(
    `checkLearner: ${report.rule} must equal bptt to ${tolerance}${inWords(options)}, got a relative error of ${error.toExponential(2)} at ${path} (cosine ${cosine.toFixed(4)}, norm ratio ${normRatio.toFixed(4)})\n${blockTable(report.blocks)}`,
    report.blocks,
  );
}

/** What is not as by default, such as ` (window 3, compiled, keys turned by 1)`; nothing where all is. */
export function inWords({ window = 1, compile, keys = 0 }: Way): string {
  const said = [
    ...(window === 1 ? [] : [`window ${window}`]),
    ...(compile ? ["compiled"] : []),
    ...(keys === 0 ? [] : [`keys turned by ${keys}`]),
  ];
  return said.length > 0 ? ` (${said.join(", ")})` : "";
}

const data = having({
  samples: maybe(listOf()),
  steps: maybe(count(1, 10_000)),
  batch: maybe(count(1, 10_000)),
  seed: maybe(count(0)),
});

/** What is the rule's own among the options. */
function settingsOf<S>(options: CheckLearnerOptions<S>): RuleOptions {
  const own = ["params", "samples", "steps", "batch", "tolerance", "keys"];
  const given = Object.entries(options).filter(([name, value]) => !own.includes(name) && value !== undefined);
  return Object.fromEntries(given);
}

/** The data of a comparison, and a run of a rule over it. */
function runner<S>(model: Model<S>, options: CheckLearnerOptions<S>) {
  data("checkLearner", "options", options);
  const { steps = 6, batch = 2, seed = 0, params = randomParams(model, seed) } = options;
  const ofRule = settingsOf(options);
  const samples = options.samples ?? defaultSamples(model, steps, batch, seed);
  if (samples.length === 0)
    throw new ArgumentError("checkLearner: expected at least one time step, got none");
  const { keys = 0 } = options;
  // a step is replayed from the third of its form on
  const passes = options.compile ? 3 : 1;
  const gradient = (rule: Rule, at: ModelParams, said = samples, of = model): ModelParams => {
    const learner = rule.start(shuffledModel(of, keys), shuffled(at, keys), ofRule);
    for (let pass = 0; pass < passes; pass++) {
      learner.reset();
      for (const sample of said) learner.step(sample);
    }
    return learner.gradient();
  };
  const oracle = (at: ModelParams, said = samples, of = model): ModelParams => {
    const learner = ruleNamed("bptt").start(of, at, {});
    for (const sample of said) learner.step(sample);
    return learner.gradient();
  };
  return { params, samples, gradient, oracle };
}

/** Odd factors, which round every product anew. */
const factors = [1 / 3, 0.7, 1.3];

/**
 * The relative error that rounding accounts for, by block: a thousand times how far the gradient of either rule moves
 * when every number given moves by one unit in the last place, and when the loss is scaled and the gradient scaled back
 * (of the first, values round anew; of the second, all that is sent back); and what the rule leaves out as negligible.
 */
function allowances<S>(rule: Rule, model: Model<S>, options: CheckLearnerOptions<S>): number[] {
  const { params, samples, gradient, oracle } = runner(model, options);
  const moved = { params: nudged(params), samples: samples.map(nudgedSample) };
  const exact = oracle(params);
  type Run = typeof oracle;
  const changes = [oracle, ((...args) => gradient(rule, ...args)) as Run].flatMap((run) => {
    const settled = run(params);
    const scaled = factors.map((by) => {
      const louder = derived(model, {
        loss: (context) => mapLoss(model.loss(context), (loss) => mul(loss, by)),
      });
      return mapTensors(run(params, samples, louder), (t) => entries(t).map((v) => v / by));
    });
    return [run(moved.params, moved.samples), ...scaled].map(
      (g) => new Map(compareGradients(g, settled).blocks.map(({ path, error }) => [path, error])),
    );
  });
  const leaves = leavesOf<Tensor>(exact, isTensor);
  const sizes = leaves.map(({ value }) => largest(entries(value)));
  const zero = (rule.negligible ?? 0) * largest(sizes);
  return sizes.map((size, i) => {
    // a gradient that is no number is not rounded
    const errors = changes.map((of) => of.get(leaves[i].path) ?? 0).filter(Number.isFinite);
    const rounding = Math.max(...errors, 0);
    return 1000 * rounding + (size < zero ? zero / size : 0);
  });
}

/** A sample whose tensors are nudged; what else it holds stays. */
function nudgedSample<S>(sample: S): S {
  if (isTensor(sample)) return nudged(sample);
  if (sample === null || typeof sample !== "object" || isArray(sample)) return sample;
  const entries = Object.entries(sample).map(([name, v]) => [name, isTensor(v) ? nudged(v) : v]);
  return Object.fromEntries(entries) as S;
}

/** The same values, each a unit in the last place up or down. */
function nudged<T>(tree: T): T {
  return mapTensors(tree, (t) => {
    if (!isFloat(t.dtype)) return entries(t);
    const unit = t.dtype === "float64" ? 2 ** -52 : 2 ** -23;
    return entries(t).map((v, i) => v * (1 + (i % 2 === 0 ? unit : -unit)));
  });
}

function mapTensors<T>(tree: T, f: (t: Tensor) => TypedArray): T {
  return mapTree(tree, isTensor, (t: Tensor) => tensor(f(t), { shape: t.shape, dtype: t.dtype })) as T;
}

/** Two gradients of one model, block by block, in whatever order their keys are. */
export function compareGradients(got: ModelParams, expected: ModelParams): Omit<LearnerReport, "rule"> {
  const words = { who: "compareGradients", reference: "the gradient expected", other: "the gradient" };
  const pairs = pairLeaves<Tensor>(words, expected, got, isTensor);
  if (pairs.length === 0)
    throw new ArgumentError("compareGradients: expected at least 1 parameter block, got none");
  const blocks = pairs.map(({ path, value, other }) => ({
    path,
    ...blockError(entries(other), entries(value)),
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

import type { CellState } from "../../../cells/_cell.js";
import { ArgumentError, RuleError } from "../../../core/errors.js";
import { fillTree, leavesOf } from "../../../core/tree.js";
import { zerosLike } from "../../../ops/create.js";
import type { Aval } from "../../../tensor/op.js";
import { entries } from "../../../tensor/read.js";
import { type SavedPart, savedForm } from "../../../tensor/saved/part.js";
import type { Saved } from "../../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../../tensor/tensor.js";
import { transposeApply } from "../../influence/block-matrix.js";
import { StepJacobian } from "../../influence/jacobians.js";
import { namesOf, type Sources } from "../../influence/sources.js";
import { type Span, savedSpan, savedSteps, spanFrom, stepsFrom, takenOf } from "../../learners/block.js";
import { Doubt } from "../../learners/doubt.js";
import { Heads, resultOf } from "../../learners/heads.js";
import { keptStep, tensorsIn } from "../../learners/kept-sample.js";
import type {
  GradientOptions,
  Learner,
  LearnerMemory,
  StepOptions,
  StepResult,
} from "../../learners/learner.js";
import {
  endFrom,
  openLearner,
  originOf,
  pastFrom,
  resumeOrReset,
  savedEnd,
  savedLearner,
  savedPast,
} from "../../learners/saved-learner.js";
import { inputOf } from "../../model/kinds.js";
import type { Model, ModelParams } from "../../model/model.js";
import { requireParams } from "../../model/require-params.js";
import { hasStart, startStates } from "../../model/states.js";
import { blocksOf, GradientSum, gradientBytes, HeadSums, plus } from "../../step/gradient-sum.js";
import type { Timestep } from "../../step/heads.js";
import { inputGradients } from "../../step/input-gradients.js";
import { type ByNode, lossCotangents } from "../../step/linear-step.js";
import { type End, requireSameEnd } from "../../step/same-end.js";
import { type Past, recordStep } from "../../step/step.js";
import type { Rule } from "../_rule.js";
import { JacobianProduct, type Rounded } from "./jacobian-product.js";
import {
  carry,
  inverted,
  listen,
  nothing,
  precision,
  type Said,
  unitRounding,
  type Visit,
} from "./running-errors.js";

const origin = originOf("fptt", {});

/** The promised relative error of a parameter block. */
const tolerance = 1e-6;
/** How far rounding may lie beyond the sample of it that runs along. */
const safety = 10;
/** A hundred roundings of one. */
const negligible = 100 * 2 ** -52;

/** An area's error λ, running forward, and what was said of the states that it is about. */
interface Running {
  lambda: Rounded;
  said: Rounded;
}

class FpttLearner<S> implements Learner<S> {
  private steps: Timestep<S>[] = [];
  private inputBytes = 0;
  /** Losses of steps before this one are forgotten. */
  private from = 0;
  private start: Past | null = null;
  /** The steps that ended with the parameters before, until the next step. */
  private finished: Span<S> | null = null;
  private past: Past | null = null;
  /** Where the first pass has come. */
  private end: End | null = null;
  private sources: Sources | null = null;
  private product: JacobianProduct | null = null;
  private readonly heads = new Heads("fptt");
  private readonly earlier = new HeadSums();
  /** Gradients by what they are of, once asked for and until the next step. */
  private readonly found = new Map<string, readonly Tensor[]>();
  private readonly doubt = new Doubt(() => {});
  /** Condition number of the product of Jacobians, by area. */
  private conditions: number[] = [];

  params: ModelParams;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
  ) {
    this.params = requireParams("fptt", model, params);
    if (hasStart(model))
      throw new RuleError(
        "fptt: expected states that start from constants, got a start that depends on parameters; use rfp or bptt",
      );
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  /** The first pass: the errors of the top area are carried back to the start while time runs forward. */
  step(sample: S, options?: StepOptions): StepResult {
    this.doubt.check();
    const own = keptStep("fptt", this.heads.asked(sample, options));
    const visit = this.visit(this.past ?? this.begin(sample), own, this.steps.length);
    const top = this.model.areas.length - 1;
    // the product is changed, and stays so where the rule refuses
    this.product = this.doubt.guard(() =>
      this.doubt.whole("fptt", () => this.extend(visit, top, this.product, listen(visit, top))),
    );
    this.finished = null;
    this.steps.push(own);
    this.inputBytes += bytesOf(own.sample);
    const { moment, lossValue } = visit.record;
    this.past = { states: moment.states, input: moment.input };
    this.end = { states: moment.states, loss: lossValue };
    this.found.clear();
    return resultOf(lossValue, moment);
  }

  gradient(options?: GradientOptions): ModelParams {
    const heads = this.heads.chosen(options);
    this.doubt.check();
    if (this.past === null)
      throw new ArgumentError("fptt: expected at least one step before the gradient is asked for");
    return fillTree(this.params, isTensor, this.gathered(heads)) as ModelParams;
  }

  inputGradient(options?: GradientOptions): readonly Tensor[] {
    const heads = this.heads.chosen(options);
    this.doubt.check();
    return inputGradients("fptt", this.model, takenOf(this.span ?? this.finished), heads);
  }

  private gathered(heads: readonly number[]): readonly Tensor[] {
    const known = this.found.get(`${heads}`) ?? this.collect(heads);
    this.found.set(`${heads}`, known);
    return known;
  }

  private get span(): Span<S> | null {
    const { params, start, steps } = this;
    return start && steps.length > 0 ? { params, start, steps } : null;
  }

  clearGradient(): void {
    this.from = this.steps.length;
    this.product?.clear();
    this.earlier.clear();
    this.found.clear();
  }

  reset(): void {
    this.past = null;
    this.doubt.clear();
    this.earlier.clear();
    this.finished = null;
    this.forget();
  }

  /** The past under the old parameters becomes constant. */
  setParams(params: ModelParams): void {
    const next = requireParams("fptt", this.model, params, this.params, this.past !== null);
    if (this.past !== null) {
      const all = this.heads.chosen(undefined);
      this.gathered(all);
      // digits of one head may be in doubt where those of the whole are not: that holds until the learner starts anew
      const before = this.doubt.guard(() => all.map((head) => this.gathered([head])));
      this.earlier.clear();
      this.earlier.add(before);
    }
    this.finished = this.span ?? this.finished;
    this.params = next;
    this.forget();
  }

  memory(): LearnerMemory {
    const apart = (this.heads.count - 1) * gradientBytes(this.params);
    return { bytes: this.inputBytes + (this.product?.bytes ?? 0) + apart, growsWithTime: true };
  }

  save(): Saved {
    this.doubt.check();
    const { start, past, end, steps, from, product, conditions } = this;
    return savedLearner(origin, this.params, {
      inputs: past?.input ? savedForm(past.input) : null,
      start: savedPast(past && start),
      past: savedPast(past),
      end: savedEnd(end),
      finished: savedSpan(this.finished, this.params),
      steps: savedSteps(steps),
      heads: this.heads.save(),
      from,
      product: product?.save() ?? null,
      conditions: Object.fromEntries(Object.entries(conditions)),
      earlier: this.earlier.save(blocksOf(this.params)),
    });
  }

  resume(tree: Saved): void {
    const saved = openLearner(origin, this.params, tree);
    resumeOrReset(this, () => {
      this.reset();
      this.sources = null;
      const { model, params } = this;
      const inputs = saved.at("inputs").maybe((part) => part.form());
      const formOf = (part: SavedPart): Aval => inputs ?? part.refuse("null");
      const readPast = (part: SavedPart): Past => pastFrom(model, params, formOf(part), part);
      this.start = saved.at("start").maybe(readPast);
      this.past = saved.at("past").maybe(readPast);
      this.end = saved.at("end").maybe((part) => endFrom(model, params, formOf(part), part));
      this.finished = saved.at("finished").maybe((part) => spanFrom(model, params, formOf(part), part));
      this.heads.resume(saved.at("heads"));
      this.steps = stepsFrom(saved.at("steps"));
      this.inputBytes = this.steps.reduce<number>((n, { sample }) => n + bytesOf(sample), 0);
      this.from = saved.at("from").count();
      this.product = saved.at("product").maybe((part) => JacobianProduct.from(part));
      model.areas.forEach((_, b) => {
        const known = saved.at("conditions").find(`${b}`);
        if (known !== null) this.conditions[b] = known.number();
      });
      this.earlier.resume(blocksOf(params), saved.at("earlier"));
    });
  }

  diagnostics(): { readonly condition: number } {
    return { condition: Math.max(1, ...Object.values(this.conditions)) };
  }

  private forget(): void {
    this.start = this.past;
    this.end = null;
    this.steps = [];
    this.inputBytes = 0;
    this.from = 0;
    this.product = null;
    this.found.clear();
    this.conditions = [];
  }

  private begin(sample: S): Past {
    const input = inputOf(this.model, sample);
    const states = startStates(this.model, this.params, input);
    this.start = { states, input: null };
    this.sources = null;
    return this.start;
  }

  /** @param heads whose errors are of interest; default: of all that counts */
  private visit(past: Past, step: Timestep<S>, t: number, heads?: readonly number[]): Visit {
    const record = recordStep(this.model, this.params, past, step.sample);
    const counts = this.heads.counted(record.lossValue, step.heads);
    this.sources ??= namesOf(this.model, this.params, past.states);
    const isHeard = (head: number): boolean => counts[head] && (heads?.includes(head) ?? true);
    const loss: ByNode = t >= this.from ? lossCotangents(record, isHeard) : new Map();
    return {
      t,
      record,
      loss,
      down: new Map(),
      doubt: new Map(),
      jacobian: new StepJacobian(record, this.sources),
    };
  }

  /**
   * A pass per area below the top, from above, and one in which all errors run forward and meet the parameters. The first pass
   * carried the errors of all heads of the top area at once, so that those of one take a pass of their own there too.
   */
  private collect(heads: readonly number[]): Tensor[] {
    const { areas } = this.model;
    const first: (Rounded | null)[] = areas.map(() => null);
    const top = areas.length - 1;
    const isWhole = heads.length === this.heads.count;
    if (isWhole) first[top] = this.product?.sum ?? null;
    for (let b = isWhole ? top - 1 : top; b >= 0 && this.product; b--) {
      let product: JacobianProduct | null = null;
      this.replay(heads, first, (visit) => {
        product = this.extend(visit, b, product, listen(visit, b));
      });
      first[b] = (product as JacobianProduct | null)?.sum ?? null;
    }
    const [sum, rounding] = [new GradientSum(), new GradientSum()];
    this.replay(heads, first, ({ record, loss, down, doubt }) => {
      record.parameters.forEach((node, k) => {
        for (const ct of [loss.get(node), down.get(node)]) if (ct) sum.add(k, ct);
        const error = doubt.get(node);
        if (error) rounding.add(k, error);
      });
    });
    const leaves = leavesOf<Tensor>(this.params, isTensor);
    requireDigits(leaves.map(({ path }, k) => ({ path, value: sum.get(k), rounding: rounding.get(k) })));
    const earlier = (k: number): (Tensor | null)[] => heads.map((head) => this.earlier.of(head).get(k));
    return leaves.map(({ value }, k) => [sum.get(k), ...earlier(k)].reduce(plus) ?? zerosLike(value));
  }

  /**
   * Runs the inputs again. Errors of areas whose first one is known run along:
   * λ(t) = J(t)⁻ᵀ (λ(t−1) − what was said of the states at t−1).
   */
  private replay(
    heads: readonly number[],
    first: readonly (Rounded | null)[],
    each: (visit: Visit) => void,
  ): void {
    const running = first.map((f): Running | null => f && { lambda: f, said: nothing(f.value.length) });
    let past = this.start as Past;
    let end = null as End | null;
    this.steps.forEach((step, t) => {
      const visit = this.visit(past, step, t, heads);
      for (let b = running.length - 1; b >= 0; b--) {
        const area = running[b];
        if (!area) continue;
        const { before, after } = listen(visit, b);
        const back = inverted(visit, b);
        const rest = (of: keyof Rounded): Float64Array =>
          area.lambda[of].map((v, i) => v - area.said[of][i] - before[of][i]);
        const value = transposeApply(back, rest("value"));
        const unit = unitRounding(visit, b, value.length);
        const carried = transposeApply(back, rest("rounding"));
        area.lambda = { value, rounding: carried.map((v, i) => v + unit[i] * Math.abs(value[i])) };
        area.said = after;
        carry(visit, b, area.lambda);
      }
      each(visit);
      const { moment, lossValue } = visit.record;
      past = { states: moment.states, input: moment.input };
      end = { states: moment.states, loss: lossValue };
    });
    // inputs played again must lead where they led before
    const { model, params, steps, start } = this;
    const taken = { params, start: start as Past, steps };
    if (end !== null && this.end !== null)
      this.doubt.guard(() => requireSameEnd("fptt", model, taken, this.end as End, end as End));
  }

  private extend(visit: Visit, b: number, old: JacobianProduct | null, said: Said): JacobianProduct {
    const blocks = visit.jacobian.ownBlocks(b);
    const product = old ?? new JacobianProduct(blocks);
    const unit = unitRounding(visit, b, said.after.value.length);
    product.collect(said.before, unit);
    product.extend(blocks, inverted(visit, b));
    product.collect(said.after, unit);
    this.conditions[b] = product.condition;
    if (!(product.condition * precision(visit, b) <= tolerance))
      throw new RuleError(
        `fptt: expected Jacobians whose product leaves six digits, got condition number ${product.condition.toExponential(1)} in area ${b + 1} after ${visit.t + 1} steps; use rfp or bptt`,
      );
    return product;
  }
}

function largest(t: Tensor | null): number {
  let top = 0;
  if (t) for (const v of entries(t)) top = Math.max(top, Math.abs(v));
  return top;
}

interface Block {
  readonly path: string;
  readonly value: Tensor | null;
  readonly rounding: Tensor | null;
}

/**
 * @throws RuleError where rounding may have reached the promised digits of a parameter block; one that is as small as the
 * rounding of the whole gradient counts as zero
 */
function requireDigits(blocks: readonly Block[]): void {
  const whole = Math.max(...blocks.map(({ value }) => largest(value)));
  for (const { path, value, rounding } of blocks) {
    const [size, error] = [largest(value), safety * largest(rounding)];
    if (!(error <= tolerance * size || error <= negligible * whole))
      throw new RuleError(
        `fptt: expected a gradient whose six digits rounding leaves alone, got ${(error / size).toExponential(1)} of ${path} in doubt; use rfp or bptt`,
      );
  }
}

const bytesOf = (sample: unknown): number => tensorsIn(sample).reduce((n, t) => n + entries(t).byteLength, 0);

/**
 * Forward propagation of errors through time: λ(t−1) = e(t−1) + J(t)ᵀ λ(t) solved the other way round. One pass carries all
 * errors to the start, Σ P(t)ᵀ e(t); the next starts from there and undoes a Jacobian per step, so that errors meet the
 * parameters while time runs forward. L areas take L + 1 passes over the inputs, which are kept; states are not. Exact
 * for invertible recurrences in exact arithmetic; a sample of the rounding
 * runs along, and the rule refuses where six digits are in doubt. `diagnostics().condition` tells how far rounding may grow.
 */
export const rule: Rule = {
  name: "fptt",
  summary: "exact where the recurrence can be inverted, forward in time over inputs played again",
  exactness: "exact",
  tolerance,
  negligible,
  start: (model, params) => new FpttLearner(model, params),
};

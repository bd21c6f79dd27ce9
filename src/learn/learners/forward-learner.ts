import type { CellState } from "../../cells/_cell.js";
import { ShapeError } from "../../core/errors.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import { beginInfluence, type HeadErrors, type Influence } from "../influence/influence.js";
import type { Model, ModelParams } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import type { Timestep } from "../step/heads.js";
import { inputGradients } from "../step/input-gradients.js";
import { carryDown, lossCotangents } from "../step/linear-step.js";
import { agreesWithOps, type End } from "../step/same-end.js";
import { recordStep, type StepRecord } from "../step/step.js";
import { type EagerStep, ReplayedSteps, type StepOutcome, type Stepper, stepByOps } from "../step/stepper.js";
import { type Span, savedSpan, spanFrom, takenOf } from "./block.js";
import { resultOf } from "./heads.js";
import { ownStep } from "./kept-sample.js";
import type { GradientOptions, Learner, LearnerMemory, StepOptions, StepResult } from "./learner.js";
import { type Origin, openLearner, resumeOrReset, savedLearner } from "./saved-learner.js";
import { StreamState } from "./stream-state.js";
import type { Crossing, WindowLearner } from "./window-learner.js";

/** What a step is made of. */
export interface StepParts {
  /** `next`, outputs and loss, on values and as linear maps. */
  linearize(): StepRecord;
  /** What the heads of the loss say of states, and of parameters that they read themselves. */
  transpose(record: StepRecord): LossErrors;
  /** Takes the influence to the end of the step; errors meet it before and after. */
  advance(record: StepRecord, errors: HeadErrors): void;
}

export interface LossErrors extends HeadErrors {
  /** By head and parameter block. */
  readonly direct: StepOutcome["direct"];
}

/** Makes a step, in an order. */
export type StepOrder = (parts: StepParts) => { readonly record: StepRecord; readonly errors: LossErrors };

export interface ForwardOptions<I extends Influence = Influence> {
  readonly origin: Origin;
  readonly order: StepOrder;
  readonly credit: "exact" | "local";
  /** Replays the kernel calls of a step; default: where the model is pure. */
  readonly compile?: boolean;
  /** Why steps are never replayed: of an influence that computes beside the backend. */
  readonly byOps?: string;
  /** The influence for inputs of this shape and dtype, zero. */
  readonly influence: <S>(model: Model<S>, params: ModelParams, input: Tensor) => I;
}

/**
 * Gradients forward in time: M(t) = ∂next/∂z M(t−1) + ∂next/∂θ, in place, in the order that `rules/rfp.ts` says. How well M is
 * known is what rules differ in.
 */
export class ForwardLearner<S, I extends Influence = Influence> implements Learner<S> {
  private readonly at: StreamState<S, I>;
  private readonly steps: Stepper<Timestep<S>>;
  /** The last step, and where it ended. */
  private last: Span<S> | null = null;
  private end: End | null = null;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: ForwardOptions<I>,
  ) {
    const { origin, byOps, compile } = options;
    const obstacle = byOps ?? whyByOps(model, compile);
    this.steps =
      obstacle === null
        ? new ReplayedSteps(origin.rule, this.eager, () => this.at.workspace, agreesWithOps(model))
        : stepByOps(this.eager, obstacle);
    this.at = new StreamState(origin.rule, model, params, options.influence, this.steps);
  }

  get params(): ModelParams {
    return this.at.params;
  }

  get state(): readonly CellState[] | null {
    return this.at.past?.states ?? null;
  }

  get opByOp(): string | null {
    return this.steps.reason;
  }

  step(sample: S, options?: StepOptions): StepResult {
    const { at } = this;
    const step = at.heads.asked(sample, options);
    const past = at.before(sample);
    const { moment, loss, direct } = at.doubt.guard(() => this.steps.step(at.params, past, step));
    at.direct.add(direct);
    this.last = { params: at.params, start: past, steps: [ownStep(at.rule, step)] };
    at.past = { states: moment.states, input: moment.input };
    this.end = { states: moment.states, loss };
    return resultOf(loss, moment);
  }

  gradient(options?: GradientOptions): ModelParams {
    const { at } = this;
    const heads = at.heads.chosen(options);
    if (at.held !== null) at.doubt.guard(() => this.steps.settle());
    return at.gradient(heads);
  }

  inputGradient(options?: GradientOptions): readonly Tensor[] {
    const { at } = this;
    const heads = at.heads.chosen(options);
    at.doubt.check();
    return inputGradients(at.rule, this.model, takenOf(this.last), heads);
  }

  clearGradient(): void {
    this.at.clearGradient();
  }

  reset(): void {
    this.last = null;
    this.end = null;
    this.at.reset();
  }

  setParams(params: ModelParams): void {
    this.at.params = this.at.accept(params);
  }

  memory(): LearnerMemory {
    const { bytes } = this.at;
    const workspace = this.steps.bytes;
    return workspace > 0 ? { bytes, growsWithTime: false, workspace } : { bytes, growsWithTime: false };
  }

  save(): Saved {
    const { at, last } = this;
    at.doubt.guard(() => this.steps.settle(true));
    return savedLearner(this.options.origin, at.params, {
      stream: at.save(),
      last: savedSpan(last, at.params),
      steps: this.steps.save(),
    });
  }

  resume(tree: Saved): void {
    const saved = openLearner(this.options.origin, this.params, tree);
    resumeOrReset(this, () => {
      this.reset();
      const stream = saved.at("stream");
      this.at.resume(stream);
      this.last = saved
        .at("last")
        .maybe((part) => spanFrom(this.model, this.params, stream.at("inputs").form(), part));
      this.steps.resume(saved.at("steps"));
    });
  }

  /**
   * Has blocks of steps go on after a step, with this influence; nothing is left to this learner. False, and nothing is done,
   * where the sample of the step is one that no block could keep.
   */
  handTo(blocks: WindowLearner<S>, crossing: (influence: I) => Crossing<S>): boolean {
    const { at, last, end } = this;
    const [step] = last?.steps ?? [];
    if (last === null || end === null || step instanceof ShapeError) return false;
    at.doubt.guard(() => this.steps.settle(true));
    const { params, start } = last;
    blocks.goOnFrom(at, crossing, { params, start, steps: { forgotten: [], counted: [step] }, end });
    this.steps.clear();
    this.last = null;
    this.end = null;
    return true;
  }

  /** One step op by op: the loss of each head is transposed within the step, and the influence advances. */
  private readonly eager: EagerStep<Timestep<S>> = (params, past, { sample, heads }) => {
    const { at, model } = this;
    const { record, errors } = this.options.order({
      linearize: () => recordStep(model, params, past, sample),
      transpose: (step) => this.errors(step, at.heads.counted(step.lossValue, heads)),
      advance: (step, errors) =>
        at.doubt.whole(at.rule, () => {
          beginInfluence(at.ready, model, params, past, step.moment.input);
          at.ready.advance(step, errors);
        }),
    });
    return { moment: record.moment, loss: record.lossValue, direct: errors.direct };
  };

  /** What the heads that count say, each alone. */
  private errors(record: StepRecord, counts: readonly boolean[]): LossErrors {
    const heads = record.losses.map((_, head) => {
      const cotangents = lossCotangents(record, (h) => h === head && counts[h]);
      if (this.options.credit === "local") carryDown(record, cotangents);
      return (nodes: readonly number[]): (Tensor | null)[] => nodes.map((n) => cotangents.get(n) ?? null);
    });
    return {
      before: heads.map((of) => record.areas.map((area) => of(area.previous))),
      after: heads.map((of) => record.areas.map((area) => of(area.current))),
      direct: heads.map((of) => of(record.parameters)),
    };
  }
}

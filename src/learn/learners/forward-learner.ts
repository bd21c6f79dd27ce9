import type { CellState } from "../../cells/_cell.js";
import { item } from "../../tensor/read.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import { beginInfluence, type Influence } from "../influence/influence.js";
import type { Model, ModelParams } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import { inputGradients } from "../step/input-gradients.js";
import { carryDown, lossCotangents } from "../step/linear-step.js";
import { agreesWithOps } from "../step/same-end.js";
import { recordStep } from "../step/step.js";
import { type EagerStep, ReplayedSteps, type Stepper, stepByOps } from "../step/stepper.js";
import { type Span, savedSpan, spanFrom, takenOf } from "./block.js";
import { ownSample } from "./kept-sample.js";
import type { Learner, LearnerMemory, StepResult } from "./learner.js";
import { type Origin, openLearner, resumeOrReset, savedLearner } from "./saved-learner.js";
import { StreamState } from "./stream-state.js";

export interface ForwardOptions {
  readonly origin: Origin;
  readonly credit: "exact" | "local";
  /** Replays the kernel calls of a step; default: where the model is pure. */
  readonly compile?: boolean;
  /** Why steps are never replayed: of an influence that computes beside the backend. */
  readonly byOps?: string;
  /** The influence for inputs of this shape and dtype, zero. */
  readonly influence: <S>(model: Model<S>, params: ModelParams, input: Tensor) => Influence;
}

/**
 * Gradients forward in time: M(t) = ∂next/∂z M(t−1) + ∂next/∂θ, in place. Each step is linearized, the loss is
 * transposed within the step, G takes the old influence, the influence advances, and G takes the new one. How well M
 * is known is what rules differ in.
 */
export class ForwardLearner<S> implements Learner<S> {
  private readonly at: StreamState<S, Influence>;
  private readonly steps: Stepper<S>;
  /** The last step. */
  private last: Span<S> | null = null;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: ForwardOptions,
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

  step(sample: S): StepResult {
    const { at } = this;
    const past = at.before(sample);
    const { moment, loss, direct } = at.doubt.guard(() => this.steps.step(at.params, past, sample));
    direct.forEach((ct, k) => {
      if (ct !== null) at.direct.add(k, ct);
    });
    this.last = { params: at.params, start: past, samples: [ownSample(at.rule, sample)] };
    at.past = { states: moment.states, input: moment.input };
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const { at } = this;
    if (at.held !== null) at.doubt.guard(() => this.steps.settle());
    return at.gradient();
  }

  inputGradient(): readonly Tensor[] {
    this.at.doubt.check();
    return inputGradients(this.at.rule, this.model, takenOf(this.last));
  }

  clearGradient(): void {
    this.at.clearGradient();
  }

  reset(): void {
    this.last = null;
    this.at.reset();
  }

  setParams(params: ModelParams): void {
    this.at.params = this.at.accept(params);
  }

  memory(): LearnerMemory {
    const bytes = this.at.held?.bytes ?? 0;
    const workspace = this.steps.bytes;
    return workspace > 0 ? { bytes, growsWithTime: false, workspace } : { bytes, growsWithTime: false };
  }

  save(): Saved {
    const { at, last } = this;
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

  /** One step op by op: the loss is transposed within the step, and the influence advances. */
  private readonly eager: EagerStep<S> = (params, past, sample) => {
    const { at, options } = this;
    const record = recordStep(this.model, params, past, sample);
    const cotangents = lossCotangents(record);
    if (options.credit === "local") carryDown(record, cotangents);
    const of = (nodes: readonly number[]): (Tensor | null)[] => nodes.map((n) => cotangents.get(n) ?? null);
    const before = record.areas.map((area) => of(area.previous));
    const after = record.areas.map((area) => of(area.current));
    at.doubt.whole(at.rule, () => {
      beginInfluence(at.ready, this.model, params, past, record.moment.input);
      at.ready.advance(record, { before, after });
    });
    return { moment: record.moment, loss: record.lossValue, direct: of(record.parameters) };
  };
}

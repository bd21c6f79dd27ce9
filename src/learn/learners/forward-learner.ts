import type { CellState } from "../../cells/_cell.js";
import { ArgumentError } from "../../core/errors.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { zerosLike } from "../../ops/create.js";
import { item } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Influence } from "../influence/influence.js";
import { inputOf } from "../model/kinds.js";
import type { Model, ModelParams } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import { requireParams } from "../model/require-params.js";
import { zeroStates } from "../model/states.js";
import { fitOf } from "../model/stream.js";
import { CompiledStep, type EagerStep, type Stepper, stepByOps } from "../step/compiled-step.js";
import { GradientSum, plus } from "../step/gradient-sum.js";
import { carryDown, lossCotangents } from "../step/linear-step.js";
import { agreesWithOps } from "../step/same-end.js";
import { type Past, recordStep } from "../step/step.js";
import { Doubt } from "./doubt.js";
import type { Learner, LearnerMemory, StepResult } from "./learner.js";

export interface ForwardOptions {
  readonly rule: string;
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
  private past: Past | null = null;
  private influence: Influence | null = null;
  /** What is held was made for. */
  private fit = "";
  private readonly direct = new GradientSum();
  private readonly doubt = new Doubt(() => this.steps.distrust());
  private readonly steps: Stepper<S>;

  params: ModelParams;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: ForwardOptions,
  ) {
    this.params = requireParams(options.rule, model, params);
    const obstacle = options.byOps ?? whyByOps(model, options.compile);
    this.steps =
      obstacle === null
        ? new CompiledStep(options.rule, this.eager, () => this.workspace(), agreesWithOps(model))
        : stepByOps(this.eager, obstacle);
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  get opByOp(): string | null {
    return this.steps.reason;
  }

  step(sample: S): StepResult {
    const past = this.past ?? this.begin(sample);
    const { moment, loss, direct } = this.doubt.guard(() => this.steps.step(this.params, past, sample));
    direct.forEach((ct, k) => {
      if (ct !== null) this.direct.add(k, ct);
    });
    this.past = { states: moment.states, input: moment.input };
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const influence = this.ready();
    this.doubt.guard(() => this.steps.settle());
    const values = leavesOf<Tensor>(this.params, isTensor).map(
      ({ value }, k) => plus(this.direct.get(k), influence.gradient(k)) ?? zerosLike(value),
    );
    return fillTree(this.params, isTensor, values) as ModelParams;
  }

  clearGradient(): void {
    this.direct.clear();
    this.influence?.clearGradient();
  }

  reset(): void {
    this.past = null;
    this.doubt.clear();
    this.direct.clear();
    this.influence?.clear();
  }

  setParams(params: ModelParams): void {
    const { rule } = this.options;
    this.params = requireParams(rule, this.model, params, this.params, this.past !== null);
  }

  memory(): LearnerMemory {
    const bytes = this.influence?.bytes ?? 0;
    const workspace = this.steps.bytes;
    return workspace > 0 ? { bytes, growsWithTime: false, workspace } : { bytes, growsWithTime: false };
  }

  /** Zero states for the sample's batch, and influence that fits it. */
  private begin(sample: S): Past {
    const input = inputOf(this.model, sample);
    const fit = fitOf(this.params, input);
    const states = zeroStates(this.model, this.params, input);
    if (this.influence === null || this.fit !== fit) {
      this.influence = this.options.influence(this.model, this.params, input);
      this.steps.clear();
    }
    this.fit = fit;
    return { states, input: null };
  }

  private ready(): Influence {
    if (this.influence === null)
      throw new ArgumentError(
        `${this.options.rule}: expected at least one step before the gradient is asked for`,
      );
    return this.influence;
  }

  /** Bytes that a replayed step may hold: little beside the influence, or beside what a process takes anyway. */
  private workspace(): number {
    return Math.max(2 ** 22, this.ready().bytes / 8);
  }

  /** One step op by op: the loss is transposed within the step, and the influence advances. */
  private readonly eager: EagerStep<S> = (params, past, sample) => {
    const record = recordStep(this.model, params, past, sample);
    const cotangents = lossCotangents(record);
    if (this.options.credit === "local") carryDown(record, cotangents);
    const at = (nodes: readonly number[]): (Tensor | null)[] => nodes.map((n) => cotangents.get(n) ?? null);
    const before = record.areas.map((area) => at(area.previous));
    const after = record.areas.map((area) => at(area.current));
    this.doubt.whole(this.options.rule, () => this.ready().advance(record, { before, after }));
    return { moment: record.moment, loss: record.lossValue, direct: at(record.parameters) };
  };
}

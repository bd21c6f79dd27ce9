import type { CellState } from "../cells/_cell.js";
import { ArgumentError } from "../core/errors.js";
import { fillTree, leavesOf } from "../core/tree.js";
import { zerosLike } from "../ops/create.js";
import { item } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { CompiledStep } from "./compiled-step.js";
import { GradientSum, plus } from "./gradient-sum.js";
import { TracedInfluence } from "./influence/traced.js";
import type { Model, ModelParams } from "./model.js";
import type { EagerStep } from "./recording.js";
import { requireParams } from "./require-params.js";
import type { Learner, LearnerMemory, StepResult } from "./rule.js";
import { type Past, recordStep } from "./step.js";
import { unrollStep } from "./unroll.js";

export interface WindowOptions {
  readonly rule: string;
  /** Steps H that the influence crosses at once. */
  readonly window: number;
  readonly credit: "exact" | "own";
  readonly memoryLimit?: number;
  readonly compile?: boolean;
}

/**
 * Exact gradients forward in time, H steps at a time: a step computes values only, and keeps its sample. After H of them,
 * or when the gradient is asked for, errors run back over the block and the influence crosses it at once: H updates bound
 * by memory become a product of matrices.
 */
export class WindowLearner<S> implements Learner<S> {
  private past: Past | null = null;
  /** Where the block at hand started, and its samples. */
  private start: Past | null = null;
  private samples: S[] = [];
  private influence: TracedInfluence | null = null;
  private batch = 0;
  private readonly direct = new GradientSum();
  private readonly values: EagerStep<S>;
  private readonly block: EagerStep<readonly S[]>;
  private readonly compiled: readonly { clear(): void; readonly bytes: number }[];

  constructor(
    private readonly model: Model<S>,
    public params: ModelParams,
    private readonly options: WindowOptions,
  ) {
    const { rule, compile = model.isPure } = options;
    requireParams(rule, model, params);
    this.values = valuesOf(model);
    this.block = (theta, past, samples) => this.crossing(theta, past, samples);
    this.compiled = [];
    if (compile) {
      const limit = (): number => Math.max(2 ** 22, this.ready().bytes / 8) * options.window;
      const [values, block] = [
        new CompiledStep(rule, this.values, limit),
        new CompiledStep(rule, this.block, limit),
      ];
      this.values = (...step) => values.step(...step);
      this.block = (...steps) => block.step(...steps);
      this.compiled = [values, block];
    }
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  step(sample: S): StepResult {
    const past = this.past ?? this.begin(sample);
    const { moment, loss } = this.values(this.params, past, sample);
    this.start ??= past;
    this.samples.push(sample);
    this.past = { states: moment.states, input: moment.input };
    if (this.samples.length === this.options.window) this.flush();
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const influence = this.ready();
    this.flush();
    const values = leavesOf<Tensor>(this.params, isTensor).map(
      ({ value }, k) => plus(this.direct.get(k), influence.gradient(k)) ?? zerosLike(value),
    );
    return fillTree(this.params, isTensor, values) as ModelParams;
  }

  clearGradient(): void {
    this.flush();
    this.direct.clear();
    this.influence?.clearGradient();
  }

  reset(): void {
    this.past = null;
    this.start = null;
    this.samples = [];
    this.direct.clear();
    this.influence?.clear();
  }

  /** The steps so far were taken with the old parameters, and so is their part of the gradient. */
  setParams(params: ModelParams): void {
    const { rule } = this.options;
    requireParams(rule, this.model, params);
    this.flush();
    this.params = params;
  }

  memory(): LearnerMemory {
    const bytes = this.influence?.bytes ?? 0;
    const workspace = this.compiled.reduce((n, c) => n + c.bytes, 0);
    return workspace > 0 ? { bytes, growsWithTime: false, workspace } : { bytes, growsWithTime: false };
  }

  /** Takes the influence to where the states are. */
  private flush(): void {
    const { start, samples } = this;
    if (start === null) return;
    this.start = null;
    this.samples = [];
    this.block(this.params, start, samples).direct.forEach((ct, k) => {
      if (ct !== null) this.direct.add(k, ct);
    });
  }

  /** A block of steps op by op. */
  private crossing(params: ModelParams, start: Past, samples: readonly S[]): ReturnType<EagerStep<S>> {
    let past = start;
    const records = samples.map((sample) => {
      const record = recordStep(this.model, params, past, sample);
      past = { states: record.moment.states, input: record.moment.input };
      return record;
    });
    const direct = this.ready().advanceBlock(records);
    const { moment, lossValue } = records[records.length - 1];
    return { moment, loss: lossValue, direct };
  }

  /** Zero states for the sample's batch, and influence that fits it. */
  private begin(sample: S): Past {
    const { model, params } = this;
    const { rule, credit, memoryLimit } = this.options;
    const input = model.input(sample);
    const batch = input.shape[0];
    const states = model.areas.map((cell) => cell.zeroState(batch, { dtype: input.dtype }));
    if (this.influence === null || this.batch !== batch) {
      this.influence = new TracedInfluence(rule, model, params, input, { credit, memoryLimit });
      for (const c of this.compiled) c.clear();
    }
    this.batch = batch;
    return { states, input: null };
  }

  private ready(): TracedInfluence {
    if (this.influence === null)
      throw new ArgumentError(
        `${this.options.rule}: expected at least one step before the gradient is asked for`,
      );
    return this.influence;
  }
}

/** A step without derivatives. */
const valuesOf =
  <S>(model: Model<S>): EagerStep<S> =>
  (params, past, sample) => {
    const { now, loss } = unrollStep(model, params, past, sample);
    return { moment: now, loss, direct: [] };
  };

import type { CellState } from "../cells/_cell.js";
import type { TypedArray } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { zerosLike } from "../ops/create.js";
import { denseOf, item } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { CompiledStep } from "./compiled-step.js";
import { GradientSum, plus } from "./gradient-sum.js";
import type { Model, ModelParams } from "./model.js";
import type { EagerStep } from "./recording.js";
import { requireParams } from "./require-params.js";
import type { Learner, LearnerMemory, StepResult } from "./rule.js";
import type { Past } from "./step.js";
import { unrollStep } from "./unroll.js";

/** The samples of a block: of steps whose losses are forgotten, and of the rest. */
export interface Steps<S> {
  readonly forgotten: readonly S[];
  readonly counted: readonly S[];
}

/** What a rule makes of a block of steps, and what it holds from block to block. */
export interface Crossing<S> {
  /** Bytes held between blocks. */
  readonly bytes: number;
  /** Whether a block has to end where the gradient is asked for: the crossing changes what is held. */
  readonly isFinal: boolean;
  /** Takes a block op by op; its `direct` is the gradient that is not held here. */
  readonly cross: EagerStep<Steps<S>>;
  /** What has been gathered here for a parameter block; `null` where nothing is. */
  gradient(block: number): Tensor | null;
  clearGradient(): void;
  /** Forgets the past. */
  clear(): void;
}

export interface WindowOptions<S> {
  readonly rule: string;
  /** Steps H of a block. */
  readonly window: number;
  readonly compile?: boolean;
  /** For inputs of this shape and dtype. */
  readonly start: (model: Model<S>, params: ModelParams, input: Tensor) => Crossing<S>;
}

/**
 * Gradients H steps at a time: a step computes values only, and keeps its sample. After H of them, or when the gradient is
 * asked for, the steps are taken again as a block, with derivatives.
 */
export class WindowLearner<S> implements Learner<S> {
  private past: Past | null = null;
  /** Where the block at hand started, and its samples. */
  private start: Past | null = null;
  private forgotten: S[] = [];
  private counted: S[] = [];
  private crossing: Crossing<S> | null = null;
  private batch = 0;
  private readonly direct = new GradientSum();
  private readonly values: EagerStep<S>;
  private readonly block: EagerStep<Steps<S>>;
  private readonly compiled: readonly { clear(): void; readonly bytes: number }[];

  constructor(
    private readonly model: Model<S>,
    public params: ModelParams,
    private readonly options: WindowOptions<S>,
  ) {
    const { rule, compile = model.isPure } = options;
    requireParams(rule, model, params);
    this.values = valuesOf(model);
    this.block = (...steps) => this.ready().cross(...steps);
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
    this.counted.push(sample);
    this.past = { states: moment.states, input: moment.input };
    if (this.forgotten.length + this.counted.length === this.options.window) this.flush();
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const crossing = this.ready();
    const sum = crossing.isFinal ? this.direct : this.direct.copy();
    if (crossing.isFinal) this.flush();
    else this.cross(sum);
    const values = leavesOf<Tensor>(this.params, isTensor).map(
      ({ value }, k) => plus(sum.get(k), crossing.gradient(k)) ?? zerosLike(value),
    );
    return fillTree(this.params, isTensor, values) as ModelParams;
  }

  clearGradient(): void {
    if (this.crossing?.isFinal) this.flush();
    this.forgotten.push(...this.counted);
    this.counted = [];
    this.direct.clear();
    this.crossing?.clearGradient();
  }

  reset(): void {
    this.past = null;
    this.end();
    this.direct.clear();
    this.crossing?.clear();
  }

  /** The steps so far were taken with the old parameters, and so is their part of the gradient. */
  setParams(params: ModelParams): void {
    const { rule } = this.options;
    requireParams(rule, this.model, params);
    this.flush();
    this.params = params;
  }

  memory(): LearnerMemory {
    const held = bytesOf({ start: this.start, forgotten: this.forgotten, counted: this.counted });
    const bytes = held + (this.crossing?.bytes ?? 0);
    const workspace = this.compiled.reduce((n, c) => n + c.bytes, 0);
    return workspace > 0 ? { bytes, growsWithTime: false, workspace } : { bytes, growsWithTime: false };
  }

  /** Takes what is held to where the states are. */
  private flush(): void {
    this.cross(this.direct);
    this.end();
  }

  private cross(into: GradientSum): void {
    const { start, forgotten, counted } = this;
    if (start === null || counted.length === 0) return;
    this.block(this.params, start, { forgotten, counted }).direct.forEach((ct, k) => {
      if (ct !== null) into.add(k, ct);
    });
  }

  private end(): void {
    this.start = null;
    this.forgotten = [];
    this.counted = [];
  }

  /** Zero states for the sample's batch, and a start that fits it. */
  private begin(sample: S): Past {
    const { model, params, options } = this;
    const input = model.input(sample);
    const batch = input.shape[0];
    const states = model.areas.map((cell) => cell.zeroState(batch, { dtype: input.dtype }));
    if (this.crossing === null || this.batch !== batch) {
      this.crossing = options.start(model, params, input);
      for (const c of this.compiled) c.clear();
    }
    this.batch = batch;
    return { states, input: null };
  }

  private ready(): Crossing<S> {
    if (this.crossing === null)
      throw new ArgumentError(
        `${this.options.rule}: expected at least one step before the gradient is asked for`,
      );
    return this.crossing;
  }
}

/** Bytes of the arrays in a tree. */
function bytesOf(tree: object): number {
  const arrays = new Set<TypedArray>();
  mapTree(tree, isTensor, (t: Tensor) => arrays.add(denseOf(t).data));
  return [...arrays].reduce((n, { byteLength }) => n + byteLength, 0);
}

/** A step without derivatives. */
const valuesOf =
  <S>(model: Model<S>): EagerStep<S> =>
  (params, past, sample) => {
    const { now, loss } = unrollStep(model, params, past, sample);
    return { moment: now, loss, direct: [] };
  };

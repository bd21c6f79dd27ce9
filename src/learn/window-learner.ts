import type { CellState } from "../cells/_cell.js";
import type { TypedArray } from "../core/dtype.js";
import { ArgumentError } from "../core/errors.js";
import { fillTree, leavesOf, mapTree } from "../core/tree.js";
import { zerosLike } from "../ops/create.js";
import { denseOf, item } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { CompiledStep, type EagerStep } from "./compiled-step.js";
import { GradientSum, plus } from "./gradient-sum.js";
import { inputOf } from "./kinds.js";
import type { Model, ModelParams } from "./model.js";
import { requireParams } from "./require-params.js";
import type { Learner, LearnerMemory, StepResult } from "./rule.js";
import { zeroStates } from "./states.js";
import type { Past } from "./step.js";
import { fitOf } from "./stream.js";
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
  /** Takes the gradient of a block op by op; `direct` is what is not gathered here. */
  readonly learn: EagerStep<Steps<S>>;
  /** Takes what is held across a block; `null` where nothing is, and a block may go on after its gradient was taken. */
  readonly move: EagerStep<Steps<S>> | null;
  readonly learnAndMove: EagerStep<Steps<S>>;
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

/** Takes steps, op by op or replayed. */
type Stepper<S> = Pick<CompiledStep<S>, "step" | "bytes" | "clear">;

/** Steps of a sequence of any length that are replayed for sure. */
const longest = 64;

/** A block whose end is not reached by what is held. */
interface Behind<S> {
  readonly params: ModelParams;
  readonly start: Past;
  readonly steps: Steps<S>;
}

/**
 * Gradients H steps at a time: a step computes values only, and keeps its sample. After H of them, or when the gradient is
 * asked for, the steps are taken again as a block, with derivatives; what is held follows when another step comes. So a
 * sequence that ends within its first block costs what backpropagation through time does.
 */
export class WindowLearner<S> implements Learner<S> {
  private past: Past | null = null;
  /** Where the block at hand started, and its samples. */
  private start: Past | null = null;
  private forgotten: S[] = [];
  private counted: S[] = [];
  private behind: Behind<S> | null = null;
  private crossing: Crossing<S> | null = null;
  private fit = "";
  private readonly direct = new GradientSum();
  private readonly values: Stepper<S>;
  private readonly blocks: Readonly<Record<"learn" | "move" | "learnAndMove", Stepper<Steps<S>>>>;

  constructor(
    private readonly model: Model<S>,
    public params: ModelParams,
    private readonly options: WindowOptions<S>,
  ) {
    const { rule, window, compile = model.pure ?? false } = options;
    requireParams(rule, model, params);
    // a replayed block may take what its steps would one by one; a sequence, what a few dozen would
    const steps = Math.min(window, longest);
    const limit = (): number => Math.max(2 ** 22, this.ready().bytes / 8) * steps;
    const stepper = <A>(eager: EagerStep<A>): Stepper<A> =>
      compile ? new CompiledStep(rule, eager, limit) : { step: eager, bytes: 0, clear: () => {} };
    const block = (what: "learn" | "move" | "learnAndMove"): Stepper<Steps<S>> =>
      stepper((...steps) => (this.ready()[what] ?? this.ready().learn)(...steps));
    this.values = stepper(valuesOf(model));
    this.blocks = { learn: block("learn"), move: block("move"), learnAndMove: block("learnAndMove") };
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  step(sample: S): StepResult {
    const past = this.past ?? this.begin(sample);
    this.catchUp();
    if (this.forgotten.length + this.counted.length === this.options.window) this.finish("learnAndMove");
    const { moment, loss } = this.values.step(this.params, past, sample);
    this.start ??= past;
    this.counted.push(sample);
    this.past = { states: moment.states, input: moment.input };
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const crossing = this.ready();
    const goesOn = crossing.move === null;
    const sum = goesOn ? this.direct.copy() : this.direct;
    if (goesOn) this.take("learn", sum);
    else this.finish("learn");
    const values = leavesOf<Tensor>(this.params, isTensor).map(
      ({ value }, k) => plus(sum.get(k), crossing.gradient(k)) ?? zerosLike(value),
    );
    return fillTree(this.params, isTensor, values) as ModelParams;
  }

  clearGradient(): void {
    this.forgotten.push(...this.counted);
    this.counted = [];
    this.direct.clear();
    this.crossing?.clearGradient();
    // what is forgotten may be crossed without a look at its losses
    if (this.crossing?.move) this.finish(null);
  }

  reset(): void {
    this.past = null;
    this.begun();
    this.behind = null;
    this.direct.clear();
    this.crossing?.clear();
  }

  /** The steps so far were taken with the old parameters, and so is their part of the gradient. */
  setParams(params: ModelParams): void {
    const { rule } = this.options;
    const next = requireParams(rule, this.model, params, this.params);
    this.finish(this.crossing?.move ? "learn" : "learnAndMove");
    this.params = next;
  }

  memory(): LearnerMemory {
    const held = bytesOf({
      start: this.start,
      forgotten: this.forgotten,
      counted: this.counted,
      behind: this.behind?.steps,
    });
    const bytes = held + (this.crossing?.bytes ?? 0);
    const workspace = this.steppers.reduce((n, { bytes }) => n + bytes, 0);
    const growsWithTime = this.options.window === Number.POSITIVE_INFINITY;
    return workspace > 0 ? { bytes, growsWithTime, workspace } : { bytes, growsWithTime };
  }

  private get steppers(): readonly Pick<Stepper<S>, "bytes" | "clear">[] {
    const { learn, move, learnAndMove } = this.blocks;
    return [this.values, learn, move, learnAndMove];
  }

  /** Ends the block at hand. What is held reaches its end now or, unless it is at once, when another step comes. */
  private finish(how: "learn" | "learnAndMove" | null): void {
    const { start, forgotten, counted, params } = this;
    if (start === null) return;
    if (how !== null) this.take(how, this.direct);
    if (how !== "learnAndMove") this.behind = { params, start, steps: { forgotten, counted } };
    this.begun();
  }

  /** Adds the gradient of the block at hand. */
  private take(how: "learn" | "learnAndMove", into: GradientSum): void {
    const { start, forgotten, counted, params } = this;
    if (start === null || counted.length === 0) return;
    this.blocks[how].step(params, start, { forgotten, counted }).direct.forEach((ct, k) => {
      if (ct !== null) into.add(k, ct);
    });
  }

  private catchUp(): void {
    if (this.behind === null) return;
    const { params, start, steps } = this.behind;
    this.behind = null;
    this.blocks.move.step(params, start, steps);
  }

  private begun(): void {
    this.start = null;
    this.forgotten = [];
    this.counted = [];
  }

  /** Zero states for the sample's batch, and a start that fits it. */
  private begin(sample: S): Past {
    const { model, params, options } = this;
    const input = inputOf(model, sample);
    const fit = fitOf(params, input);
    const states = zeroStates(model, params, input);
    if (this.crossing === null || this.fit !== fit) {
      this.crossing = options.start(model, params, input);
      for (const stepper of this.steppers) stepper.clear();
    }
    this.fit = fit;
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

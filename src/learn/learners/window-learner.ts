import type { CellState } from "../../cells/_cell.js";
import { ArgumentError } from "../../core/errors.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { zerosLike } from "../../ops/create.js";
import { arrayOf, item } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { inputOf } from "../model/kinds.js";
import type { Model, ModelParams } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import { requireParams } from "../model/require-params.js";
import { zeroStates } from "../model/states.js";
import { fitOf } from "../model/stream.js";
import { type Agrees, CompiledStep, type EagerStep, type Stepper, stepByOps } from "../step/compiled-step.js";
import { GradientSum, plus } from "../step/gradient-sum.js";
import { agreesWithOps, type End, requireSameEnd } from "../step/same-end.js";
import type { Past } from "../step/step.js";
import { unrollStep } from "../step/unroll.js";
import { Doubt } from "./doubt.js";
import { keptSample, tensorsIn } from "./kept-sample.js";
import type { Learner, LearnerMemory, StepResult } from "./learner.js";

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

/** Steps of a sequence of any length that are replayed for sure. */
const longest = 64;

/** A block of steps, and where they ended. */
interface Block<S> {
  readonly params: ModelParams;
  readonly start: Past;
  readonly steps: Steps<S>;
  readonly end: End;
}

/**
 * Gradients H steps at a time: a step computes values only, and keeps its sample. After H of them, or when the gradient is
 * asked for, the steps are taken again as a block, with derivatives; what is held follows when another step comes. So a
 * sequence that ends within its first block costs what backpropagation through time does. A block must end in the states that
 * its steps ended in, else the model is no function of its arguments.
 */
export class WindowLearner<S> implements Learner<S> {
  private past: Past | null = null;
  /** Where the block at hand started, and its samples. */
  private start: Past | null = null;
  private forgotten: S[] = [];
  private counted: S[] = [];
  /** A block whose end is not reached by what is held. */
  private behind: Block<S> | null = null;
  /** Whether steps came after a whole block that had its gradient taken: then what is held follows the next one at once. */
  private streams = false;
  /** Whether what is held followed at once, and no step has come since. */
  private isAhead = false;
  private crossing: Crossing<S> | null = null;
  /** What is held was made for. */
  private fit = "";
  private end: End | null = null;
  private readonly direct = new GradientSum();
  private readonly doubt = new Doubt(() => {
    for (const stepper of this.steppers) stepper.distrust();
  });
  private readonly values: Stepper<S>;
  private readonly blocks: Readonly<Record<"learn" | "move" | "learnAndMove", Stepper<Steps<S>>>>;

  params: ModelParams;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: WindowOptions<S>,
  ) {
    const { rule, window } = options;
    this.params = requireParams(rule, model, params);
    const obstacle = whyByOps(model, options.compile);
    // a replayed block may take what its steps would one by one; a sequence, what a few dozen would
    const steps = Math.min(window, longest);
    const limit = (): number => Math.max(2 ** 22, this.ready().bytes / 8) * steps;
    const stepper = <A>(eager: EagerStep<A>, agrees: Agrees<A>): Stepper<A> =>
      obstacle === null ? new CompiledStep(rule, eager, limit, agrees) : stepByOps(eager, obstacle);
    const block = (what: "learn" | "move" | "learnAndMove"): Stepper<Steps<S>> =>
      stepper(
        (...steps) => (this.ready()[what] ?? this.ready().learn)(...steps),
        // the end of each block is held against that of its steps
        () => true,
      );
    this.values = stepper(valuesOf(model), agreesWithOps(model));
    this.blocks = { learn: block("learn"), move: block("move"), learnAndMove: block("learnAndMove") };
  }

  get state(): readonly CellState[] | null {
    return this.past?.states ?? null;
  }

  get opByOp(): string | null {
    return this.steppers.find(({ reason }) => reason !== null)?.reason ?? null;
  }

  step(sample: S): StepResult {
    const own = keptSample(this.options.rule, sample);
    const past = this.past ?? this.begin(sample);
    const { moment, loss } = this.doubt.guard(() => {
      this.catchUp();
      if (this.isWhole()) this.finish("learnAndMove");
      return this.values.step(this.params, past, sample);
    });
    this.isAhead = false;
    this.start ??= past;
    this.counted.push(own);
    this.past = { states: moment.states, input: moment.input };
    this.end = { states: moment.states, loss };
    return { loss: item(loss), moment };
  }

  gradient(): ModelParams {
    const crossing = this.ready();
    const goesOn = crossing.move === null;
    let sum = this.direct;
    this.doubt.guard(() => {
      // no step can join a whole block: where others follow it, what is held follows in the same pass
      if (this.isWhole() && (goesOn || this.streams)) {
        this.isAhead = true;
        this.finish("learnAndMove");
      } else if (goesOn) {
        sum = this.direct.copy();
        this.take("learn", sum);
      } else this.finish("learn");
      for (const stepper of this.steppers) stepper.settle();
    });
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
    if (this.isAhead) this.streams = false;
    this.isAhead = false;
    this.past = null;
    this.doubt.clear();
    this.begun();
    this.behind = null;
    this.direct.clear();
    this.crossing?.clear();
  }

  /** The steps so far were taken with the old parameters, and so is their part of the gradient. */
  setParams(params: ModelParams): void {
    const { rule } = this.options;
    const next = requireParams(rule, this.model, params, this.params, this.past !== null);
    this.doubt.guard(() => this.finish(this.crossing?.move ? "learn" : "learnAndMove"));
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

  private get steppers(): readonly Omit<Stepper<S>, "step">[] {
    const { learn, move, learnAndMove } = this.blocks;
    return [this.values, learn, move, learnAndMove];
  }

  /** Ends the block at hand. What is held reaches its end now or, unless it is at once, when another step comes. */
  private finish(how: "learn" | "learnAndMove" | null): void {
    const block = this.block;
    if (block === null) return;
    if (how !== null) this.take(how, this.direct);
    if (how !== "learnAndMove") this.behind = block;
    this.begun();
  }

  private isWhole(
    { forgotten, counted }: Steps<S> = { forgotten: this.forgotten, counted: this.counted },
  ): boolean {
    return forgotten.length + counted.length === this.options.window;
  }

  private get block(): Block<S> | null {
    const { start, end, forgotten, counted, params } = this;
    return start && end && { params, start, steps: { forgotten, counted }, end };
  }

  /** Adds the gradient of the block at hand. */
  private take(how: "learn" | "learnAndMove", into: GradientSum): void {
    const block = this.block;
    if (block === null || block.steps.counted.length === 0) return;
    this.cross(how, block).forEach((ct, k) => {
      if (ct !== null) into.add(k, ct);
    });
  }

  private catchUp(): void {
    if (this.behind === null) return;
    const block = this.behind;
    this.behind = null;
    this.streams ||= this.isWhole(block.steps);
    this.cross("move", block);
  }

  private cross(how: "learn" | "move" | "learnAndMove", block: Block<S>): readonly (Tensor | null)[] {
    const { params, start, steps, end } = block;
    const { moment, loss, direct } = this.doubt.whole(this.options.rule, () =>
      this.blocks[how].step(params, start, steps),
    );
    const samples = [...steps.forgotten, ...steps.counted];
    requireSameEnd(this.options.rule, this.model, { params, start, samples }, end, {
      states: moment.states,
      loss,
    });
    return direct;
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
  const arrays = new Set(tensorsIn(tree).map(arrayOf));
  return [...arrays].reduce((n, array) => n + (array?.byteLength ?? 0), 0);
}

/** A step without derivatives. */
const valuesOf =
  <S>(model: Model<S>): EagerStep<S> =>
  (params, past, sample) => {
    const { now, loss } = unrollStep(model, params, past, sample);
    return { moment: now, loss, direct: [] };
  };

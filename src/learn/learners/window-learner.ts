import type { CellState } from "../../cells/_cell.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Held } from "../influence/influence.js";
import type { Model, ModelParams } from "../model/model.js";
import { whyByOps } from "../model/purity.js";
import type { HeadSums } from "../step/gradient-sum.js";
import type { Timestep } from "../step/heads.js";
import { inputGradients } from "../step/input-gradients.js";
import { agreesWithOps, type End, requireSameEnd } from "../step/same-end.js";
import type { Past } from "../step/step.js";
import {
  type Agrees,
  type EagerStep,
  ReplayedSteps,
  type StepOutcome,
  type Stepper,
  stepByOps,
} from "../step/stepper.js";
import { unrollStep } from "../step/unroll.js";
import { type Block, blockFrom, bytesOf, oneByOne, type Steps, savedBlock, stepsOf } from "./block.js";
import { resultOf } from "./heads.js";
import { keptStep } from "./kept-sample.js";
import type { GradientOptions, Learner, LearnerMemory, StepOptions, StepResult } from "./learner.js";
import { type Origin, openLearner, resumeOrReset, savedLearner } from "./saved-learner.js";
import { StreamState } from "./stream-state.js";

/** What a rule makes of a block of steps, and what it holds from block to block. */
export interface Crossing<S> extends Held {
  /** Takes the gradient of a block op by op; `direct` is what is not gathered here. */
  readonly learn: EagerStep<Steps<S>>;
  /** Takes what is held across a block; `null` where nothing is, and a block may go on after its gradient was taken. */
  readonly move: EagerStep<Steps<S>> | null;
  readonly learnAndMove: EagerStep<Steps<S>>;
  /** Whether what is held moves step by step, as nothing is won by crossing the block at once. */
  readonly movesByStep: boolean;
}

export interface WindowOptions<S> {
  readonly origin: Origin;
  /** Steps H of a block. */
  readonly window: number;
  readonly compile?: boolean;
  /** For inputs of this shape and dtype. */
  readonly start: (model: Model<S>, params: ModelParams, input: Tensor) => Crossing<S>;
}

/** Steps of a sequence of any length that are replayed for sure. */
const longest = 64;

/** What makes steps and blocks of them, op by op or replayed. */
interface Steppers<S> {
  /** Steps without derivatives. */
  readonly values: Stepper<Timestep<S>>;
  readonly learn: Stepper<Steps<S>>;
  readonly move: Stepper<Steps<S>>;
  readonly learnAndMove: Stepper<Steps<S>>;
}

/**
 * Gradients H steps at a time: a step computes values only, and keeps its sample. After H of them, or when the gradient is
 * asked for, the steps are taken again as a block, with derivatives; what is held follows when another step comes. So a
 * sequence that ends within its first block costs what backpropagation through time does. A block must end in the states that
 * its steps ended in, else the model is no function of its arguments.
 */
export class WindowLearner<S> implements Learner<S> {
  private readonly at: StreamState<S, Crossing<S>>;
  /** Where the block at hand started, and its samples. */
  private start: Past | null = null;
  private forgotten: Timestep<S>[] = [];
  private counted: Timestep<S>[] = [];
  private end: End | null = null;
  /** The block that ended last, until the next step. */
  private finished: Block<S> | null = null;
  /** A block whose end is not reached by what is held. */
  private behind: Block<S> | null = null;
  /** Whether steps came after a whole block that had its gradient taken: then what is held follows the next one at once. */
  private streams = false;
  /** Whether what is held followed at once, and no step has come since. */
  private isAhead = false;
  private readonly steppers: Steppers<S>;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: WindowOptions<S>,
  ) {
    const { origin, window, compile, start } = options;
    const { rule } = origin;
    const obstacle = whyByOps(model, compile);
    // a replayed block may take what its steps would one by one; a sequence, what a few dozen would
    const steps = Math.min(window, longest);
    const limit = (): number => this.at.workspace * steps;
    const stepper = <A>(eager: EagerStep<A>, agrees: Agrees<A>): Stepper<A> =>
      obstacle === null ? new ReplayedSteps(rule, eager, limit, agrees) : stepByOps(eager, obstacle);
    const block = (what: "learn" | "move" | "learnAndMove"): Stepper<Steps<S>> =>
      stepper(
        (...steps) => (this.at.ready[what] ?? this.at.ready.learn)(...steps),
        // the end of each block is held against that of its steps
        () => true,
      );
    this.steppers = {
      values: stepper(valuesOf(model), agreesWithOps(model)),
      learn: block("learn"),
      move: block("move"),
      learnAndMove: block("learnAndMove"),
    };
    this.at = new StreamState(rule, model, params, start, {
      clear: () => this.all.forEach((one) => void one.clear()),
      distrust: (reason) => this.all.forEach((one) => void one.distrust(reason)),
    });
  }

  /** Goes on where single steps ended, the last of which is given: what they held is taken across blocks by `crossing`. */
  goOnFrom<H extends Held>(
    single: StreamState<S, H>,
    crossing: (held: H) => Crossing<S>,
    last: Block<S>,
  ): void {
    this.reset();
    this.at.take(single, crossing);
    this.finished = last;
  }

  get params(): ModelParams {
    return this.at.params;
  }

  get state(): readonly CellState[] | null {
    return this.at.past?.states ?? null;
  }

  get opByOp(): string | null {
    return this.all.find(({ reason }) => reason !== null)?.reason ?? null;
  }

  step(sample: S, options?: StepOptions): StepResult {
    const { at } = this;
    const own = keptStep(at.rule, at.heads.asked(sample, options));
    const past = at.before(sample);
    const { moment, loss } = at.doubt.guard(() => {
      this.catchUp();
      if (this.isWhole()) this.finish("learnAndMove");
      return this.steppers.values.step(at.params, past, { sample, heads: null });
    });
    at.heads.counted(loss, own.heads);
    this.isAhead = false;
    this.finished = null;
    this.start ??= past;
    this.counted.push(own);
    at.past = { states: moment.states, input: moment.input };
    this.end = { states: moment.states, loss };
    return resultOf(loss, moment);
  }

  gradient(options?: GradientOptions): ModelParams {
    const { at } = this;
    const heads = at.heads.chosen(options);
    const goesOn = at.ready.move === null;
    let sum = at.direct;
    at.doubt.guard(() => {
      // no step can join a whole block: where others follow it, what is held follows in the same pass
      if (this.isWhole() && (goesOn || this.streams)) {
        this.isAhead = true;
        this.finish("learnAndMove");
      } else if (goesOn) {
        sum = at.direct.copy();
        this.take("learn", sum);
      } else this.finish("learn");
      for (const stepper of this.all) stepper.settle();
    });
    return at.gradient(heads, sum);
  }

  inputGradient(options?: GradientOptions): readonly Tensor[] {
    const { at } = this;
    const heads = at.heads.chosen(options);
    at.doubt.check();
    const block = this.block ?? this.finished;
    const taken = block && { ...block, steps: stepsOf(block.steps) };
    return inputGradients(at.rule, this.model, taken, heads);
  }

  clearGradient(): void {
    this.forgotten.push(...this.counted);
    this.counted = [];
    this.at.clearGradient();
    // what is forgotten may be crossed without a look at its losses
    if (this.at.held?.move) this.finish(null);
  }

  reset(): void {
    if (this.isAhead) this.streams = false;
    this.isAhead = false;
    this.begun();
    this.finished = null;
    this.behind = null;
    this.at.reset();
  }

  /** The steps so far were taken with the old parameters, and so is their part of the gradient. */
  setParams(params: ModelParams): void {
    const { at } = this;
    const next = at.accept(params);
    at.doubt.guard(() => this.finish(at.held?.move ? "learn" : "learnAndMove"));
    at.params = next;
  }

  memory(): LearnerMemory {
    const held = bytesOf({
      start: this.start,
      forgotten: this.forgotten,
      counted: this.counted,
      behind: this.behind?.steps,
      finished: this.finished?.steps,
    });
    const bytes = held + this.at.bytes;
    const workspace = this.all.reduce((n, { bytes }) => n + bytes, 0);
    const growsWithTime = this.options.window === Number.POSITIVE_INFINITY;
    return workspace > 0 ? { bytes, growsWithTime, workspace } : { bytes, growsWithTime };
  }

  save(): Saved {
    const { at, steppers, streams, isAhead } = this;
    at.doubt.guard(() => {
      for (const stepper of this.all) stepper.settle(true);
    });
    const saved = (block: Block<S> | null): Saved => block && savedBlock(block, at.params);
    return savedLearner(this.options.origin, at.params, {
      stream: at.save(),
      block: saved(this.block),
      behind: saved(this.behind),
      finished: this.finished === this.behind ? null : saved(this.finished),
      streams,
      isAhead,
      steppers: Object.fromEntries(Object.entries(steppers).map(([name, one]) => [name, one.save()])),
    });
  }

  resume(tree: Saved): void {
    const { at } = this;
    const saved = openLearner(this.options.origin, at.params, tree);
    resumeOrReset(this, () => {
      this.reset();
      const stream = saved.at("stream");
      at.resume(stream);
      const read = (part: SavedPart): Block<S> =>
        blockFrom(this.model, at.params, stream.at("inputs").form(), this.options.window, part);
      const block = saved.at("block").maybe(read);
      if (block !== null) {
        this.start = block.start;
        this.forgotten = [...block.steps.forgotten];
        this.counted = [...block.steps.counted];
        this.end = block.end;
      }
      this.behind = saved.at("behind").maybe(read);
      this.finished = saved.at("finished").maybe(read) ?? this.behind;
      this.streams = saved.at("streams").flag();
      this.isAhead = saved.at("isAhead").flag();
      for (const [name, one] of Object.entries(this.steppers)) one.resume(saved.at("steppers").at(name));
    });
  }

  private get all(): readonly Omit<Stepper<S>, "step">[] {
    return Object.values(this.steppers);
  }

  /** Ends the block at hand. What is held reaches its end now or, unless it is at once, when another step comes. */
  private finish(how: "learn" | "learnAndMove" | null): void {
    const block = this.block;
    if (block === null) return;
    if (how !== null) this.take(how, this.at.direct);
    if (how !== "learnAndMove") this.behind = block;
    this.finished = block;
    this.begun();
  }

  private isWhole(
    { forgotten, counted }: Steps<S> = { forgotten: this.forgotten, counted: this.counted },
  ): boolean {
    return forgotten.length + counted.length === this.options.window;
  }

  private get block(): Block<S> | null {
    const { start, end, forgotten, counted } = this;
    return start && end && { params: this.at.params, start, steps: { forgotten, counted }, end };
  }

  /** Adds the gradient of the block at hand. */
  private take(how: "learn" | "learnAndMove", into: HeadSums): void {
    const block = this.block;
    if (block === null || block.steps.counted.length === 0) return;
    for (const direct of this.cross(how, block)) into.add(direct);
  }

  private catchUp(): void {
    if (this.behind === null) return;
    const block = this.behind;
    this.behind = null;
    this.streams ||= this.isWhole(block.steps);
    this.cross("move", block);
  }

  /** Takes the steps of a block again; returns what losses say of parameters that they read themselves, part by part. */
  private cross(how: "learn" | "move" | "learnAndMove", block: Block<S>): StepOutcome["direct"][] {
    const { params, start, steps, end } = block;
    const { rule, doubt, ready } = this.at;
    const parts = how !== "learn" && ready.movesByStep ? oneByOne(steps) : [steps];
    const outcomes = doubt.whole(rule, () => {
      let past = start;
      return parts.map((part) => {
        const outcome = this.steppers[how].step(params, past, part);
        past = { states: outcome.moment.states, input: outcome.moment.input };
        return outcome;
      });
    });
    const { moment, loss } = outcomes[outcomes.length - 1];
    const taken = { params, start, steps: stepsOf(steps) };
    requireSameEnd(rule, this.model, taken, end, { states: moment.states, loss });
    return outcomes.map(({ direct }) => direct);
  }

  private begun(): void {
    this.start = null;
    this.forgotten = [];
    this.counted = [];
  }
}

/** A step without derivatives. */
const valuesOf =
  <S>(model: Model<S>): EagerStep<Timestep<S>> =>
  (params, past, { sample }) => {
    const { now, loss } = unrollStep(model, params, past, sample);
    return { moment: now, loss, direct: [] };
  };

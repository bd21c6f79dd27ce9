import type { CellState } from "../../cells/_cell.js";
import { ArgumentError, type ShapeError } from "../../core/errors.js";
import { fillTree, leavesOf, mapTree } from "../../core/tree.js";
import { scalar, zerosLike } from "../../ops/create.js";
import { add } from "../../ops/pointwise.js";
import { Tape } from "../../reverse/tape.js";
import { type SavedPart, savedForm } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams, Moment } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import { startStates } from "../model/states.js";
import { blocksOf, gradientBytes } from "../step/gradient-sum.js";
import { addLosses, mapLoss, type Timestep } from "../step/heads.js";
import { inputGradients } from "../step/input-gradients.js";
import { cotangentsOf } from "../step/linear-step.js";
import { requireSameEnd } from "../step/same-end.js";
import { type Past, parametersOn } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";
import { type Span, savedSpan, savedSteps, spanFrom, stepsFrom, takenOf } from "./block.js";
import { Heads, resultOf } from "./heads.js";
import { allKept, ownStep } from "./kept-sample.js";
import type { GradientOptions, Learner, LearnerMemory, StepOptions, StepResult } from "./learner.js";
import {
  type Origin,
  openLearner,
  pastFrom,
  resumeOrReset,
  savedLearner,
  savedPast,
} from "./saved-learner.js";

export interface BackwardOptions {
  readonly origin: Origin;
  /** Steps after which the past becomes constant; default never. */
  readonly window?: number;
  /** Why steps are not replayed. */
  readonly byOps: string | null;
}

/** One tape over all steps, or over as many as the window holds, transposed when the gradient is asked for. */
export class BackwardLearner<S> implements Learner<S> {
  private tape: Tape;
  /** The steps on the tape; of one whose sample cannot be kept, why. */
  private steps: (Timestep<S> | ShapeError)[] = [];
  /** Steps on the tape whose losses are forgotten, at its start. */
  private forgotten = 0;
  private theta: ModelParams;
  private leaves: readonly number[] = [];
  /** The step before, on the tape; and its values alone. */
  private past: Past | null = null;
  private kept: Past | null = null;
  /** The steps that ended with the parameters before, until the next step. */
  private finished: Span<S> | null = null;
  /** Values of the step before the tape starts. */
  private start: Past | null = null;
  private readonly heads: Heads;
  /** Sums of the losses on the tape, by head; `null` where none counted. */
  private totals: (Tensor | null)[] = [];
  /** Gradient of losses on earlier tapes, by head and in the order of the leaves. */
  private earlier: readonly (readonly Tensor[])[] | null = null;
  /** Gradients by what they are of, once asked for and until the next step. */
  private readonly found = new Map<string, readonly Tensor[]>();

  params: ModelParams;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: BackwardOptions,
  ) {
    this.params = requireParams(this.rule, model, params);
    this.heads = new Heads(this.rule);
    this.tape = new Tape(this.rule, { transient: true });
    this.theta = this.params;
    this.restart();
  }

  get state(): readonly CellState[] | null {
    return this.kept?.states ?? null;
  }

  private get rule(): string {
    return this.options.origin.rule;
  }

  get opByOp(): string | null {
    return this.options.byOps;
  }

  step(sample: S, options?: StepOptions): StepResult {
    return this.take(this.heads.asked(sample, options));
  }

  private take(step: Timestep<S>): StepResult {
    if (this.steps.length === this.options.window) this.cut();
    const { model, tape } = this;
    const { now, loss } = unrollStep(model, this.theta, this.past, step.sample);
    const counts = this.heads.counted(loss, step.heads);
    this.finished = null;
    this.steps.push(ownStep(this.rule, step));
    this.found.clear();
    addLosses(this.totals, loss, counts);
    this.past = { states: now.states, input: now.input };
    const value = mapTree({ ...now }, isTensor, (t: Tensor) => tape.primal(t)) as unknown as Moment;
    this.kept = { states: value.states, input: value.input };
    return resultOf(
      mapLoss(loss, (head) => tape.primal(head)),
      value,
    );
  }

  gradient(options?: GradientOptions): ModelParams {
    const heads = this.heads.chosen(options);
    if (this.kept === null)
      throw new ArgumentError(`${this.rule}: expected at least one step before the gradient is asked for`);
    return fillTree(this.params, isTensor, this.gathered(heads)) as ModelParams;
  }

  inputGradient(options?: GradientOptions): readonly Tensor[] {
    const { rule, model, steps } = this;
    const heads = this.heads.chosen(options);
    return inputGradients(rule, model, takenOf(steps.length > 0 ? this.span : this.finished), heads);
  }

  clearGradient(): void {
    this.forgotten = this.steps.length;
    this.totals = [];
    this.earlier = null;
    this.found.clear();
  }

  reset(): void {
    this.kept = null;
    this.finished = null;
    this.clearGradient();
    this.restart();
  }

  /** New parameters start a new record: the past under the old ones becomes constant. */
  setParams(params: ModelParams): void {
    const next = requireParams(this.rule, this.model, params, this.params, this.kept !== null);
    this.gather();
    this.finished = this.span ?? this.finished;
    this.params = next;
    this.restart();
  }

  save(): Saved {
    const { earlier, forgotten, kept, start } = this;
    const blocks = blocksOf(this.params);
    return savedLearner(this.options.origin, this.params, {
      inputs: kept?.input ? savedForm(kept.input) : null,
      start: savedPast(start),
      kept: savedPast(kept),
      finished: savedSpan(this.finished, this.params),
      steps: savedSteps(allKept(this.steps)),
      forgotten,
      heads: this.heads.save(),
      earlier: earlier?.map((of) => Object.fromEntries(blocks.map(({ path }, k) => [path, of[k]]))) ?? null,
    });
  }

  /** The steps on the tape are taken again. @throws RuleError where they lead elsewhere than they did */
  resume(tree: Saved): void {
    const saved = openLearner(this.options.origin, this.params, tree);
    resumeOrReset(this, () => {
      this.reset();
      this.heads.resume(saved.at("heads"));
      const blocks = blocksOf(this.params);
      const paths = blocks.map(({ path }) => path);
      const inputs = saved.at("inputs").maybe((part) => part.form());
      const read = (part: SavedPart): Past =>
        pastFrom(this.model, this.params, inputs ?? part.refuse("null"), part);
      const earlier = saved
        .at("earlier")
        .maybe((part) =>
          part.list(this.heads.count).map((of) => of.branches(paths).map((p, k) => p.tensor(blocks[k]))),
        );
      this.kept = saved.at("start").maybe(read);
      this.restart();
      const forgotten = saved.at("forgotten").count();
      for (const step of stepsFrom<S>(saved.at("steps"), 0, this.options.window)) {
        this.take(step);
        if (this.steps.length <= forgotten) this.clearGradient();
      }
      this.earlier = earlier;
      this.finished = saved
        .at("finished")
        .maybe((part) => spanFrom(this.model, this.params, inputs ?? part.refuse("null"), part));
      const before = saved.at("kept").maybe(read);
      if (before !== null && this.kept !== null) this.requireEnd(before, this.kept);
    });
  }

  /** The steps on the tape; `null` where there are none. */
  private get span(): Span<S> | null {
    const { params, kept, steps, start, model } = this;
    if (steps.length === 0 || kept?.input == null) return null;
    return {
      params,
      start: start ?? { states: startStates(model, params, kept.input), input: null },
      steps,
    };
  }

  private requireEnd(before: Past, after: Past): void {
    const taken = takenOf(this.span);
    if (taken === null) return;
    const loss = scalar(0);
    const [first, second] = [before, after].map(({ states }) => ({ states, loss }));
    requireSameEnd(this.rule, this.model, taken, first, second);
  }

  memory(): LearnerMemory {
    const apart = this.earlier === null ? 0 : (this.heads.count - 1) * gradientBytes(this.params);
    return { bytes: tapeBytes(this.tape) + apart, growsWithTime: this.options.window === undefined };
  }

  /** The gradient of some heads: one pass back over the tape, whatever their number. */
  private gathered(heads: readonly number[]): readonly Tensor[] {
    const known = this.found.get(`${heads}`) ?? this.transpose(heads);
    this.found.set(`${heads}`, known);
    return known;
  }

  private transpose(heads: readonly number[]): Tensor[] {
    const { tape, earlier } = this;
    const totals = heads.flatMap((head) => this.totals[head] ?? []);
    const known = cotangentsOf(tape, ...totals.map((total) => tape.indexOf(total)));
    return leavesOf<Tensor>(this.params, isTensor).map(({ value }, k) => {
      const now = known.get(this.leaves[k]) ?? zerosLike(value);
      return earlier === null ? now : heads.reduce((sum, head) => add(earlier[head][k], sum), now);
    });
  }

  /** Makes the past constant. */
  private cut(): void {
    this.gather();
    this.restart();
  }

  /** Keeps the gradient so far. */
  private gather(): void {
    if (this.totals.every((total) => total === null)) return;
    this.earlier = this.totals.map((_, head) => this.gathered([head]));
  }

  private restart(): void {
    this.tape = new Tape(this.rule, { transient: true });
    this.steps = [];
    this.forgotten = 0;
    this.past = this.kept;
    this.start = this.kept;
    this.totals = [];
    this.found.clear();
    const { theta, nodes } = parametersOn(this.tape, this.params);
    this.theta = theta;
    this.leaves = nodes;
  }
}

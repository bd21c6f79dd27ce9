import type { CellState } from "../../cells/_cell.js";
import { ArgumentError, type ShapeError } from "../../core/errors.js";
import { fillTree, leavesOf, mapTree } from "../../core/tree.js";
import { scalar, zerosLike } from "../../ops/create.js";
import { add } from "../../ops/pointwise.js";
import { Tape } from "../../reverse/tape.js";
import { item } from "../../tensor/read.js";
import { type SavedPart, savedForm } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams, Moment } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import { startStates } from "../model/states.js";
import { blocksOf } from "../step/gradient-sum.js";
import { inputGradients } from "../step/input-gradients.js";
import { cotangentsOf } from "../step/linear-step.js";
import { requireSameEnd } from "../step/same-end.js";
import { type Past, parametersOn } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";
import { type Span, samplesFrom, savedSpan, spanFrom, takenOf } from "./block.js";
import { allKept, ownSample } from "./kept-sample.js";
import type { Learner, LearnerMemory, StepResult } from "./learner.js";
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
  /** Samples of the steps on the tape; of one that cannot be kept, why. */
  private samples: (S | ShapeError)[] = [];
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
  private total: Tensor | null = null;
  /** Gradient of losses on earlier tapes, in the order of the leaves. */
  private earlier: readonly Tensor[] | null = null;
  /** The gradient, once asked for and until the next step. */
  private found: readonly Tensor[] | null = null;

  params: ModelParams;

  constructor(
    private readonly model: Model<S>,
    params: ModelParams,
    private readonly options: BackwardOptions,
  ) {
    this.params = requireParams(this.rule, model, params);
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

  step(sample: S): StepResult {
    if (this.samples.length === this.options.window) this.cut();
    const { model, tape } = this;
    const { now, loss } = unrollStep(model, this.theta, this.past, sample);
    this.finished = null;
    this.samples.push(ownSample(this.rule, sample));
    this.found = null;
    this.total = this.total === null ? loss : add(this.total, loss);
    this.past = { states: now.states, input: now.input };
    const value = mapTree({ ...now }, isTensor, (t: Tensor) => tape.primal(t)) as unknown as Moment;
    this.kept = { states: value.states, input: value.input };
    return { loss: item(tape.primal(loss)), moment: value };
  }

  gradient(): ModelParams {
    if (this.kept === null)
      throw new ArgumentError(`${this.rule}: expected at least one step before the gradient is asked for`);
    this.found ??= this.transpose();
    return fillTree(this.params, isTensor, this.found) as ModelParams;
  }

  inputGradient(): readonly Tensor[] {
    const { rule, model, samples } = this;
    return inputGradients(rule, model, takenOf(samples.length > 0 ? this.span : this.finished));
  }

  clearGradient(): void {
    this.forgotten = this.samples.length;
    this.total = null;
    this.earlier = null;
    this.found = null;
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
    const samples = [...allKept(this.samples)] as Saved[];
    return savedLearner(this.options.origin, this.params, {
      inputs: kept?.input ? savedForm(kept.input) : null,
      start: savedPast(start),
      kept: savedPast(kept),
      finished: savedSpan(this.finished, this.params),
      samples,
      forgotten,
      earlier: earlier && Object.fromEntries(blocksOf(this.params).map(({ path }, k) => [path, earlier[k]])),
    });
  }

  /** The steps on the tape are taken again. @throws RuleError where they lead elsewhere than they did */
  resume(tree: Saved): void {
    const saved = openLearner(this.options.origin, this.params, tree);
    resumeOrReset(this, () => {
      this.reset();
      const blocks = blocksOf(this.params);
      const inputs = saved.at("inputs").maybe((part) => part.form());
      const read = (part: SavedPart): Past =>
        pastFrom(this.model, this.params, inputs ?? part.refuse("null"), part);
      const earlier = saved
        .at("earlier")
        .maybe((part) => part.branches(blocks.map(({ path }) => path)).map((p, k) => p.tensor(blocks[k])));
      this.kept = saved.at("start").maybe(read);
      this.restart();
      const forgotten = saved.at("forgotten").count();
      for (const sample of samplesFrom<S>(saved.at("samples"), 0, this.options.window)) {
        this.step(sample);
        if (this.samples.length <= forgotten) this.clearGradient();
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
    const { params, kept, samples, start, model } = this;
    if (samples.length === 0 || kept?.input == null) return null;
    return {
      params,
      start: start ?? { states: startStates(model, params, kept.input), input: null },
      samples,
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
    return { bytes: tapeBytes(this.tape), growsWithTime: this.options.window === undefined };
  }

  private transpose(): Tensor[] {
    const known = cotangentsOf(this.tape, this.total === null ? -1 : this.tape.indexOf(this.total));
    return leavesOf<Tensor>(this.params, isTensor).map(({ value }, k) => {
      const now = known.get(this.leaves[k]) ?? zerosLike(value);
      return this.earlier === null ? now : add(this.earlier[k], now);
    });
  }

  /** Makes the past constant. */
  private cut(): void {
    this.gather();
    this.restart();
  }

  /** Keeps the gradient so far. */
  private gather(): void {
    if (this.total !== null) this.earlier = this.found ?? this.transpose();
  }

  private restart(): void {
    this.tape = new Tape(this.rule, { transient: true });
    this.samples = [];
    this.forgotten = 0;
    this.past = this.kept;
    this.start = this.kept;
    this.total = null;
    this.found = null;
    const { theta, nodes } = parametersOn(this.tape, this.params);
    this.theta = theta;
    this.leaves = nodes;
  }
}

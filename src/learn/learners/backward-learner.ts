import type { CellState } from "../../cells/_cell.js";
import { ArgumentError } from "../../core/errors.js";
import { fillTree, leavesOf, mapTree } from "../../core/tree.js";
import { onesLike, zerosLike } from "../../ops/create.js";
import { add } from "../../ops/pointwise.js";
import { Tape } from "../../reverse/tape.js";
import { item } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams, Moment } from "../model/model.js";
import { requireParams } from "../model/require-params.js";
import type { Past } from "../step/step.js";
import { tapeBytes } from "../step/tape-bytes.js";
import { unrollStep } from "../step/unroll.js";
import type { Learner, LearnerMemory, StepResult } from "./learner.js";

export interface BackwardOptions {
  readonly rule: string;
  /** Steps after which the past becomes constant; default never. */
  readonly window?: number;
  /** Why steps are not replayed. */
  readonly byOps: string | null;
}

/** One tape over all steps, or over as many as the window holds, transposed when the gradient is asked for. */
export class BackwardLearner<S> implements Learner<S> {
  private tape: Tape;
  /** Steps on the tape. */
  private length = 0;
  private theta: ModelParams;
  private leaves: number[] = [];
  /** The step before, on the tape; and its values alone. */
  private past: Past | null = null;
  private kept: Past | null = null;
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
    this.params = requireParams(options.rule, model, params);
    this.tape = new Tape(options.rule, { transient: true });
    this.theta = this.params;
    this.restart();
  }

  get state(): readonly CellState[] | null {
    return this.kept?.states ?? null;
  }

  get opByOp(): string | null {
    return this.options.byOps;
  }

  step(sample: S): StepResult {
    if (this.length === this.options.window) this.cut();
    const { model, tape } = this;
    const { now, loss } = unrollStep(model, this.theta, this.past, sample);
    this.length++;
    this.found = null;
    this.total = this.total === null ? loss : add(this.total, loss);
    this.past = { states: now.states, input: now.input };
    const value = mapTree({ ...now }, isTensor, (t: Tensor) => tape.primal(t)) as unknown as Moment;
    this.kept = { states: value.states, input: value.input };
    return { loss: item(tape.primal(loss)), moment: value };
  }

  gradient(): ModelParams {
    if (this.kept === null)
      throw new ArgumentError(
        `${this.options.rule}: expected at least one step before the gradient is asked for`,
      );
    this.found ??= this.transpose();
    return fillTree(this.params, isTensor, this.found) as ModelParams;
  }

  clearGradient(): void {
    this.total = null;
    this.earlier = null;
    this.found = null;
  }

  reset(): void {
    this.kept = null;
    this.clearGradient();
    this.restart();
  }

  /** New parameters start a new record: the past under the old ones becomes constant. */
  setParams(params: ModelParams): void {
    const next = requireParams(this.options.rule, this.model, params, this.params, this.kept !== null);
    this.gather();
    this.params = next;
    this.restart();
  }

  memory(): LearnerMemory {
    return { bytes: tapeBytes(this.tape), growsWithTime: this.options.window === undefined };
  }

  private transpose(): Tensor[] {
    const known = new Map<number, Tensor>();
    const at = this.total === null ? -1 : this.tape.indexOf(this.total);
    if (this.total !== null && at >= 0) {
      known.set(at, onesLike(this.tape.primal(this.total)));
      this.tape.pullback(known, this.tape.nodes.length - 1);
    }
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
    this.tape = new Tape(this.options.rule, { transient: true });
    this.length = 0;
    this.leaves = [];
    this.past = this.kept;
    this.total = null;
    this.found = null;
    this.theta = mapTree(this.params, isTensor, (t: Tensor) => {
      const leaf = this.tape.leaf(t);
      this.leaves.push(this.tape.indexOf(leaf));
      return leaf;
    }) as ModelParams;
  }
}

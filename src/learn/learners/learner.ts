import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { AreaStates, Areas, ModelParams, Moment } from "../model/model.js";

/** Bytes that a learner holds for the sake of credit assignment, beside parameters and gradient. */
export interface LearnerMemory {
  /** What grows with the rule: traces, or the recorded past. */
  readonly bytes: number;
  /** Whether the bytes grow with the number of steps. */
  readonly growsWithTime: boolean;
  /** Results of single ops that replayed steps keep and write anew, beside `bytes`; absent where nothing is replayed. */
  readonly workspace?: number;
}

export interface StepOptions {
  /**
   * Heads of the loss whose errors count in this step; default all. One that is left out adds nothing to any gradient, and its
   * value is reported all the same.
   */
  readonly heads?: readonly string[];
}

export interface GradientOptions {
  /** A head of the loss: the gradient of what counted of it alone. Default: the sum over all heads. */
  readonly of?: string;
}

export interface StepResult<A extends Areas = Areas> {
  /** Loss of this step: of one with heads, the sum over all of them. */
  readonly loss: number;
  /** Loss of each head by its name; absent where the loss is a scalar. */
  readonly losses?: Readonly<Record<string, number>>;
  /** Values of this step, without derivatives. */
  readonly moment: Moment<A>;
}

/** A learning rule at work on one model and one stream (or a batch of streams); S, A and R are those of the model. */
export interface Learner<S, A extends Areas = Areas, R extends string = string> {
  /**
   * Takes one time step of data.
   * @throws ArgumentError for heads that the loss does not have; the learner stays as it is then
   */
  step(sample: S, options?: StepOptions): StepResult<A>;
  /**
   * Gradient of the sum of losses since the last `clearGradient` or `reset`; the tree of the parameters. With `of`, of the
   * losses of one head, with respect to all parameters: heads do not mix, and these gradients add up to the whole.
   * @throws ArgumentError for a head that the loss does not have
   */
  gradient(options?: GradientOptions): ModelParams<A, R>;
  /**
   * The error that the inputs are to blame for: the derivative of the losses of the block at hand with respect to each of its
   * inputs, in their order, [B, ...] as the lowest area reads them. A block is the last step, with `window: H` all steps since the
   * last H were full, in `bptt` the whole sequence; it ends where parameters are exchanged. Exact within the block, whatever the
   * rule; computed when it is asked for. What a loss reads of its sample in place of `now.input` is a constant.
   * @throws DTypeError for inputs of integers @throws ArgumentError before the first step, or for a head that the loss does not have
   */
  inputGradient(options?: GradientOptions): readonly Tensor[];
  clearGradient(): void;
  /** Forgets the past: states to zero, influence to zero, gradient to zero. */
  reset(): void;
  /**
   * Exchanges the parameters. Influence gathered so far keeps referring to the old ones, as in every online rule. They are
   * paired with the old ones by path; `params` and `gradient()` keep the order of names that the learner started with.
   * @throws ShapeError, ArgumentError where names or shapes are others, DTypeError where dtypes are and steps were taken since
   *   the last `reset`; the learner stays as it is then
   */
  setParams(params: ModelParams<A, R>): void;
  readonly params: ModelParams<A, R>;
  /** States after the last step; `null` before the first. */
  readonly state: AreaStates<A> | null;
  memory(): LearnerMemory;
  /**
   * All that it knows: states, influence, the gradient so far, and what it keeps of a block of steps. `save` of `onward` makes
   * it bytes. The rule's `load`, with the same model and parameters, goes on to the same numbers: on the same backend and
   * instruction set, to the bit. Where it replays steps, so will the other, from its first step on.
   */
  save(): Saved;
  /**
   * Takes the place of a learner that was saved, in its own: rules' `load` is this after `start`.
   * @throws CheckpointError where the tree is of another rule, options or parameters: the learner stays as it is; or where a part
   *   of what it should know is something else: the learner is reset then
   */
  resume(tree: Saved): void;
  /**
   * Why the last step was computed op by op, which is several times slower where areas are small: `compile: false`, a model
   * that is not declared pure, a look at numbers. `null` where steps are replayed, or recorded to be; absent where a rule has no replays.
   */
  readonly opByOp?: string | null;
  /** Figures of the rule's own, such as a condition number. */
  diagnostics?(): Readonly<Record<string, number>>;
}

import type { Cell, CellParams, CellState } from "../cells/_cell.js";
import type { DType } from "../core/dtype.js";
import type { Key } from "../core/prng.js";
import type { Tensor } from "../tensor/tensor.js";

/** Parameters of a model: those of each area, bottom to top, and those that only the loss reads. */
export interface ModelParams {
  readonly areas: readonly CellParams[];
  readonly readout: Readonly<Record<string, Tensor>>;
}

/** Everything known at one time step. */
export interface Moment {
  /** What the lowest area reads, [B, ...]. */
  readonly input: Tensor;
  /** New states of each area. */
  readonly states: readonly CellState[];
  /** Output of each area, computed from the new states, bottom to top. */
  readonly outputs: readonly Tensor[];
}

/** What the loss of one time step sees. */
export interface LossContext<S> {
  readonly params: ModelParams;
  readonly now: Moment;
  /** The step before, its outputs recomputed with the parameters of now; `null` at the first step. */
  readonly before: Moment | null;
  readonly sample: S;
}

/**
 * Areas that feed each other within a time step, and a loss per step. A model knows no learning rule.
 * S is one time step of data: a tree that `input` turns into the input of the lowest area.
 */
export interface Model<S> {
  readonly areas: readonly Cell[];
  /** Whether each area takes its input from below as a constant: no error and no influence crosses areas. */
  readonly detached: boolean;
  /**
   * Whether areas, input and loss compute the same from the same arguments in every step, so that rules may record a step
   * and replay it; default false.
   */
  readonly pure?: boolean;
  init(key: Key, options?: { readonly dtype?: DType }): ModelParams;
  input(sample: S): Tensor;
  /** The loss of this time step, a scalar. */
  loss(context: LossContext<S>): Tensor;
}

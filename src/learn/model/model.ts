import type { Cell, CellParams, CellState } from "../../cells/_cell.js";
import type { DType } from "../../core/dtype.js";
import type { Key } from "../../core/prng.js";
import type { Tensor } from "../../tensor/tensor.js";

/** The areas of a model; a list whose length is known, as of a literal, keeps the names of each area in its type. */
export type Areas = readonly Cell[];

/** Parameters of each area A, bottom to top. */
export type AreaParams<A extends Areas = Areas> = {
  readonly [I in keyof A]: A[I] extends Cell<infer P, infer _> ? CellParams<P> : CellParams;
};
/** States of each area A, bottom to top. */
export type AreaStates<A extends Areas = Areas> = {
  readonly [I in keyof A]: A[I] extends Cell<infer _, infer S> ? CellState<S> : CellState;
};
/** Output of each area A, bottom to top. */
export type AreaOutputs<A extends Areas = Areas> = { readonly [I in keyof A]: Tensor };

/**
 * Parameters of a model: those of each area, bottom to top, and those that only the loss reads. A are the areas, R the names
 * of what the loss reads.
 */
export interface ModelParams<A extends Areas = Areas, R extends string = string> {
  readonly areas: AreaParams<A>;
  readonly readout: Readonly<Record<R, Tensor>>;
}

/** Everything known at one time step. */
export interface Moment<A extends Areas = Areas> {
  /** What the lowest area reads, [B, ...]. */
  readonly input: Tensor;
  /** New states of each area. */
  readonly states: AreaStates<A>;
  /** Output of each area, computed from the new states, bottom to top. */
  readonly outputs: AreaOutputs<A>;
}

/** What the loss of one time step sees. */
export interface LossContext<S, A extends Areas = Areas, R extends string = string> {
  readonly params: ModelParams<A, R>;
  readonly now: Moment<A>;
  /** The step before, its outputs recomputed with the parameters of now; `null` at the first step. */
  readonly before: Moment<A> | null;
  readonly sample: S;
}

/**
 * The loss of a time step: a scalar, or one for each head by its name. Heads count as their sum, and errors of each are gathered
 * apart: `learner.gradient({ of: "critic" })`.
 */
export type StepLoss = Tensor | Readonly<Record<string, Tensor>>;

/**
 * Areas that feed each other within a time step, and a loss per step. A model knows no learning rule.
 * S is one time step of data: a tree that `input` turns into the input of the lowest area; A are the areas and R the names
 * of parameters that only the loss reads.
 */
export interface Model<S, A extends Areas = Areas, R extends string = string> {
  readonly areas: A;
  /** Whether each area takes its input from below as a constant: no error and no influence crosses areas. */
  readonly detached: boolean;
  /**
   * Whether areas, input and loss compute the same from the same arguments in every step, so that rules may record a step
   * and replay it; default false.
   */
  readonly pure?: boolean;
  init(key: Key, options?: { readonly dtype?: DType }): ModelParams<A, R>;
  input(sample: S): Tensor;
  /** The loss of this time step: a scalar, or a plain object of at least one, by the same names in every step. */
  loss(context: LossContext<S, A, R>): StepLoss;
}

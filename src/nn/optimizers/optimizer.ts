import { finite } from "../../core/kinds.js";
import { fillTree } from "../../core/tree.js";
import { cast } from "../../ops/cast.js";
import { scalar } from "../../ops/create.js";
import { add, mul, sub } from "../../ops/pointwise.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { blanksOf, counterOf, gradientsOf, keptOf, requireState } from "./given.js";
import { type RateOptions, rateAt } from "./schedule.js";

/** What an optimizer knows: the number of updates, and trees like the parameters, in float64. `save` keeps it. */
export type OptimizerState<P, Slot extends string = never> = { readonly count: Tensor } & Readonly<
  Record<Slot, P>
>;

/** Turns gradients into new parameters. Trees of float tensors are paired by path, whatever the order of their keys. */
export interface Optimizer<Slot extends string = never> {
  /** The state before the first update. */
  init<P>(params: P): OptimizerState<P, Slot>;
  /**
   * Parameters and state one update further; the arguments are left as they are. Written with ops, so that `compile` replays it
   * and derivatives pass through it.
   * @throws ShapeError, DTypeError where the gradient or the state has other paths or shapes than the parameters
   * @throws ArgumentError for the state of another optimizer
   */
  update<P>(
    gradient: P,
    state: OptimizerState<P, Slot>,
    params: P,
  ): { readonly params: P; readonly state: OptimizerState<P, Slot> };
}

/** One tensor at an update, all in float64. */
export interface Moment<Slot extends string> {
  readonly path: string;
  readonly x: Tensor;
  readonly g: Tensor;
  /** What was kept of it. */
  readonly kept: Readonly<Record<Slot, Tensor>>;
  /** Updates with this one, a scalar. */
  readonly count: Tensor;
  readonly rate: Tensor | number;
}

/** What is taken off a tensor, and what is kept of it. */
export interface Change<Slot extends string> {
  readonly step: Tensor;
  readonly kept: Readonly<Record<Slot, Tensor>>;
}

/** What an optimizer does to all tensors at an update, in their order. */
export type Changes<Slot extends string> = (moments: readonly Moment<Slot>[]) => readonly Change<Slot>[];

/** The same done to each tensor, whatever the others are. */
export const each =
  <Slot extends string>(change: (moment: Moment<Slot>) => Change<Slot>): Changes<Slot> =>
  (moments) =>
    moments.map(change);

/** An optimizer from what it does to tensors. */
export function optimizerOf<Slot extends string>(
  who: string,
  { rate, scale }: RateOptions,
  slots: readonly Slot[],
  changesOf: Changes<Slot>,
): Optimizer<Slot> {
  return {
    init<P>(params: P) {
      const blanks = blanksOf(who, params, slots.length);
      const kept = Object.fromEntries(slots.map((slot, k) => [slot, blanks[k]]));
      return { count: scalar(0), ...kept } as OptimizerState<P, Slot>;
    },
    update<P>(gradient: P, state: OptimizerState<P, Slot>, params: P) {
      const pairs = gradientsOf(who, params, gradient);
      requireState(who, state, ["count", ...slots]);
      const before = counterOf(who, "the count", state.count);
      const known = slots.map((slot) => keptOf(who, slot, params, state[slot]));
      const count = add(before, 1);
      const now = rateAt(who, rate, before);
      const moments = pairs.map(({ path, value, other }, i) => {
        const kept = Object.fromEntries(slots.map((slot, k) => [slot, known[k][i]])) as Record<Slot, Tensor>;
        const factor = scale?.(path) ?? 1;
        finite(who, "the scale of a rate", factor);
        const [x, g] = [cast(value, "float64"), cast(other, "float64")];
        return { path, x, g, kept, count, rate: factor === 1 ? now : mul(now, factor) };
      });
      const changes = changesOf(moments);
      const treeOf = (values: readonly Tensor[]): P => fillTree(params, isTensor, values) as P;
      const kept = Object.fromEntries(slots.map((slot) => [slot, treeOf(changes.map((c) => c.kept[slot]))]));
      return {
        params: treeOf(changes.map(({ step }, i) => cast(sub(moments[i].x, step), pairs[i].value.dtype))),
        state: { count, ...kept } as OptimizerState<P, Slot>,
      };
    },
  };
}

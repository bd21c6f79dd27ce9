import { anything, callable, count, having, options as optionsOf } from "../../core/kinds.js";
import { pairLeaves } from "../../core/pair-leaves.js";
import { fillTree } from "../../core/tree.js";
import { cast } from "../../ops/cast.js";
import { equal, greaterEqual } from "../../ops/compare.js";
import { scalar } from "../../ops/create.js";
import { add, div } from "../../ops/pointwise.js";
import { where } from "../../ops/select.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { blanksOf, counterOf, gradientsOf, keptOf, requireState } from "./given.js";
import type { Optimizer, OptimizerState } from "./optimizer.js";

export interface AccumulateOptions {
  /** Gradients of an update, a whole number of at least 1. */
  readonly every: number;
}

/** What `accumulate` knows; `save` keeps it, between updates too. */
export interface AccumulatedState<P, Slot extends string = never> {
  /** Gradients since the last update, a float64 scalar. */
  readonly gathered: Tensor;
  /** Their sum in float64; of the last ones where none was gathered since. */
  readonly sum: P;
  /** The state of the optimizer within. */
  readonly inner: OptimizerState<P, Slot>;
}

/** An optimizer that updates once in several calls. */
export interface Accumulating<Slot extends string = never> {
  /** The state before the first gradient. */
  init<P>(params: P): AccumulatedState<P, Slot>;
  /**
   * Parameters and state one gradient further; the arguments are left as they are.
   * @throws ShapeError, DTypeError, ArgumentError as the optimizer within
   */
  update<P>(
    gradient: P,
    state: AccumulatedState<P, Slot>,
    params: P,
  ): { readonly params: P; readonly state: AccumulatedState<P, Slot> };
}

/**
 * Gathers gradients, and has an optimizer take their mean at each `every`-th call; at other calls the parameters stay, to the bit.
 * The mean is their sum, in order and in float64, divided by their number: an update with that gives the same bits. Schedules count
 * updates, not calls. Nothing branches on a number, so that `compile` replays every call: the optimizer within computes at each,
 * and `where` takes what it gives or leaves it.
 */
export function accumulate<Slot extends string>(
  optimizer: Optimizer<Slot>,
  options: AccumulateOptions,
): Accumulating<Slot> {
  const who = "accumulate";
  having({ init: callable, update: callable })(who, "the optimizer", optimizer);
  const { every } = optionsOf(who, options, { every: count(1) }, ["every"]);
  return {
    init<P>(params: P) {
      const [sum] = blanksOf(who, params, 1);
      return { gathered: scalar(0), sum, inner: optimizer.init(params) };
    },
    update<P>(gradient: P, state: AccumulatedState<P, Slot>, params: P) {
      const pairs = gradientsOf(who, params, gradient);
      requireState(who, state, ["gathered", "sum", "inner"]);
      const before = counterOf(who, "gathered", state.gathered);
      const sums = keptOf(who, "sum", params, state.sum);
      const now = add(before, 1);
      const isFull = greaterEqual(now, every);
      const isFirst = equal(before, 0);
      const totals = pairs.map(({ other }, i) => {
        const g = cast(other, "float64");
        return where(isFirst, g, add(sums[i], g));
      });
      const treeOf = (values: readonly Tensor[]): P => fillTree(params, isTensor, values) as P;
      // by the number that was gathered: it is `every`, unless the state comes from an optimizer with a larger one
      const mean = treeOf(totals.map((total) => div(total, now)));
      const next = optimizer.update(mean, state.inner, params);
      having({ params: anything, state: anything })(who, "what the optimizer gives", next);
      const chosen = <T>(taken: T, left: T): T => {
        const words = { who, reference: "the state within", other: "its update" };
        const pairs = pairLeaves<Tensor>(words, left, taken, isTensor);
        return fillTree(
          left,
          isTensor,
          pairs.map(({ value, other }) => where(isFull, other, value)),
        ) as T;
      };
      return {
        params: chosen(next.params, params),
        state: {
          gathered: where(isFull, 0, now),
          sum: treeOf(totals),
          inner: chosen(next.state, state.inner),
        },
      };
    },
  };
}

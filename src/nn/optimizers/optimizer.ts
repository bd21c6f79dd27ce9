import { isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError, ShapeError } from "../../core/errors.js";
import { finite, kindOf, quote } from "../../core/kinds.js";
import { pairLeaves } from "../../core/pair-leaves.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { fillTree, leavesOf } from "../../core/tree.js";
import { namesOf } from "../../core/tree-node.js";
import { at } from "../../core/tree-path.js";
import { cast } from "../../ops/cast.js";
import { scalar, zeros } from "../../ops/create.js";
import { add, mul, sub } from "../../ops/pointwise.js";
import { isTensor, requireTensor, type Tensor } from "../../tensor/tensor.js";
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

/** An optimizer from what it does to one tensor. */
export function optimizerOf<Slot extends string>(
  who: string,
  { rate, scale }: RateOptions,
  slots: readonly Slot[],
  change: (moment: Moment<Slot>) => Change<Slot>,
): Optimizer<Slot> {
  return {
    init<P>(params: P) {
      const leaves = leavesOf<Tensor>(params, isTensor, { who, role: "parameters" });
      for (const { path, value } of leaves) requireFloat(who, "parameters", value, path);
      const blank = (): P =>
        fillTree(
          params,
          isTensor,
          leaves.map(({ value }) => zeros(value.shape)),
        ) as P;
      const kept = Object.fromEntries(slots.map((slot) => [slot, blank()])) as Record<Slot, P>;
      return { count: scalar(0), ...kept } as OptimizerState<P, Slot>;
    },
    update<P>(gradient: P, state: OptimizerState<P, Slot>, params: P) {
      const pairs = pairLeaves<Tensor>(
        { who, reference: "parameters", other: "the gradient" },
        params,
        gradient,
        isTensor,
      );
      for (const { path, value, other } of pairs) {
        requireFloat(who, "parameters", value, path);
        requireFloat(who, "a gradient", other, path);
        requireShape(who, "the gradient", other, value, path);
      }
      const before = requireState(who, state, slots);
      const known = slots.map((slot) => {
        const words = { who, reference: "parameters", other: `${slot} of the state` };
        const found = pairLeaves<Tensor>(words, params, state[slot], isTensor);
        for (const { path, value, other } of found) {
          requireShape(who, words.other, other, value, path);
          if (other.dtype !== "float64")
            throw new DTypeError(`${who}: expected ${words.other} in float64, got ${other.dtype}${at(path)}`);
        }
        return found.map(({ other }) => other);
      });
      const count = add(before, 1);
      const now = rateAt(who, rate, before);
      const changes = pairs.map(({ path, value, other }, i) => {
        const kept = Object.fromEntries(slots.map((slot, k) => [slot, known[k][i]])) as Record<Slot, Tensor>;
        const factor = scale?.(path) ?? 1;
        finite(who, "the scale of a rate", factor);
        const x = cast(value, "float64");
        const moment = {
          path,
          x,
          g: cast(other, "float64"),
          kept,
          count,
          rate: factor === 1 ? now : mul(now, factor),
        };
        const { step, kept: next } = change(moment);
        return { value: cast(sub(x, step), value.dtype), kept: next };
      });
      const treeOf = (values: readonly Tensor[]): P => fillTree(params, isTensor, values) as P;
      const kept = Object.fromEntries(slots.map((slot) => [slot, treeOf(changes.map((c) => c.kept[slot]))]));
      return {
        params: treeOf(changes.map(({ value }) => value)),
        state: { count, ...kept } as OptimizerState<P, Slot>,
      };
    },
  };
}

function requireFloat(who: string, what: string, t: Tensor, path: string): void {
  if (!isFloat(t.dtype))
    throw new DTypeError(`${who}: expected ${what} of float tensors, got ${t.dtype}${at(path)}`);
}

function requireShape(who: string, what: string, got: Tensor, like: Tensor, path: string): void {
  if (!sameShape(got.shape, like.shape))
    throw new ShapeError(
      `${who}: ${what}${at(path)} must be ${formatShape(like.shape)}, got ${formatShape(got.shape)}`,
    );
}

/** The number of updates in a state of these names and no others: what another optimizer knows is nothing to this one. */
function requireState(who: string, state: unknown, slots: readonly string[]): Tensor {
  const names = ["count", ...slots];
  const got = namesOf(state);
  if (got?.length !== names.length || !names.every((name) => got.includes(name)))
    throw new ArgumentError(
      `${who}: expected the state that its init or last update gave, of ${names.join(", ")}, got ${got ? `one of ${got.slice(0, 5).map(quote).join(", ") || "nothing"}` : kindOf(state)}`,
    );
  const count = requireTensor(who, (state as { readonly count: Tensor }).count);
  if (count.rank > 0 || count.dtype !== "float64")
    throw new ArgumentError(
      `${who}: expected the count of the state to be a float64 scalar, got ${count.dtype} ${formatShape(count.shape)}`,
    );
  return count;
}

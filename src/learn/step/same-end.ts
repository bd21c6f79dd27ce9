import type { CellState } from "../../cells/_cell.js";
import type { DType } from "../../core/dtype.js";
import { RuleError } from "../../core/errors.js";
import { mapTree } from "../../core/tree.js";
import { tensor } from "../../ops/create.js";
import { mul } from "../../ops/pointwise.js";
import { entries } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams, StepLoss } from "../model/model.js";
import { headLosses, headNames, sameHeads, type Timestep } from "./heads.js";
import type { Past } from "./step.js";
import type { StepOutcome } from "./stepper.js";
import { unrollStep } from "./unroll.js";

/** Where a block of steps ended: its states, and the loss of its last step. */
export interface End {
  readonly states: readonly CellState[];
  readonly loss: StepLoss;
}

/** What a block was made of. */
export interface Taken<S> {
  readonly params: ModelParams;
  readonly start: Past;
  readonly steps: readonly Timestep<S>[];
}

/** Half of the digits: two ways of taking sums agree in more unless the steps magnify rounding, which is then measured. */
const halfOfDigits: Readonly<Partial<Record<DType, number>>> = { float64: 2 ** -26, float32: 2 ** -12 };
const rounding: Readonly<Partial<Record<DType, number>>> = { float64: 2 ** -52, float32: 2 ** -23 };
/** Rounding of many ops on the way, beside that of the parameters alone. */
const margin = 1000;

/**
 * A block is computed twice, once step by step and once with its derivatives: both must end in the same states and loss, up
 * to rounding. Where they are further apart, the steps are taken again op by op to tell rounding that grew from a model
 * that is no function of its arguments.
 * @throws RuleError where it is none
 */
export function requireSameEnd<S>(
  rule: string,
  model: Model<S>,
  taken: Taken<S>,
  first: End,
  second: End,
): void {
  if (isSameEnd(model, taken, first, second)) return;
  throw new RuleError(
    `${rule}: expected a model that computes the same from the same arguments, got a block of ${taken.steps.length} steps whose second pass ends in other states or another loss than its first; draw random numbers from keys in the sample, and keep what changes out of next, output and loss`,
  );
}

function isSameEnd<S>(model: Model<S>, taken: Taken<S>, first: End, second: End): boolean {
  if (!sameHeads(headNames(first.loss), headNames(second.loss))) return false;
  if (isClose(first, second, halfOfDigits)) return true;
  const again = endOf(model, taken);
  const isSettled = isClose(again, endOf(model, taken), {});
  return isSettled && isWithinRounding(model, taken, again, first, second);
}

/** Whether a replayed step has the values that it has op by op. */
export const agreesWithOps =
  <S>(model: Model<S>) =>
  (params: ModelParams, past: Past, step: Timestep<S>, { moment, loss }: StepOutcome): boolean => {
    const taken = { params, start: past, steps: [step] };
    return isSameEnd(model, taken, { states: moment.states, loss }, endOf(model, taken));
  };

/** The steps once more, op by op. */
function endOf<S>(model: Model<S>, { params, start, steps }: Taken<S>): End {
  let past = start;
  let end: End | null = null;
  for (const { sample } of steps) {
    const { now, loss } = unrollStep(model, params, past, sample);
    past = { states: now.states, input: now.input };
    end = { states: now.states, loss };
  }
  return end as End;
}

/** Whether both ends lie as close to the steps taken again as those of parameters that differ by their rounding. */
function isWithinRounding<S>(model: Model<S>, taken: Taken<S>, again: End, first: End, second: End): boolean {
  const nudged = endOf(model, { ...taken, params: nudge(taken.params), start: nudge(taken.start) });
  const grown = tensorsOf(again).map((t, i) => distance(t, tensorsOf(nudged)[i]));
  return [first, second].every((end) =>
    tensorsOf(end).every((t, i) => {
      const own = (halfOfDigits[t.dtype] ?? 0) * largest(t);
      return distance(t, tensorsOf(again)[i]) <= own + margin * grown[i];
    }),
  );
}

function nudge<T>(tree: T): T {
  return mapTree(tree, isTensor, (t: Tensor) => {
    const by = rounding[t.dtype];
    return by === undefined
      ? t
      : mul(
          t,
          tensor(
            Float64Array.from({ length: t.size }, (_, i) => (i % 2 ? 1 - by : 1 + by)),
            { shape: t.shape, dtype: t.dtype },
          ),
        );
  }) as T;
}

/** Loss and states by the names that the cells give them. */
const tensorsOf = ({ states, loss }: End): Tensor[] => [
  ...headLosses(loss),
  ...states.flatMap((state) =>
    Object.keys(state)
      .sort()
      .map((name) => state[name]),
  ),
];

function isClose(a: End, b: End, tolerance: Readonly<Partial<Record<DType, number>>>): boolean {
  const others = tensorsOf(b);
  return tensorsOf(a).every((t, i) => distance(t, others[i]) <= (tolerance[t.dtype] ?? 0) * largest(t));
}

/** The largest difference of entries; those that are equal, or both NaN, do not differ. */
function distance(a: Tensor, b: Tensor): number {
  if (a === b) return 0;
  const [x, y] = [entries(a), entries(b)];
  let most = 0;
  for (let i = 0; i < x.length; i++) {
    if (Object.is(x[i], y[i])) continue;
    const d = Math.abs(x[i] - y[i]);
    if (!(d <= most)) most = Number.isNaN(d) ? Number.POSITIVE_INFINITY : d;
  }
  return most;
}

function largest(t: Tensor): number {
  let most = 0;
  for (const v of entries(t)) if (Math.abs(v) > most) most = Math.abs(v);
  return most;
}

import { ArgumentError } from "../../core/errors.js";
import { type Known, notNegative, number, options as optionsOf } from "../../core/kinds.js";
import { at } from "../../core/tree-path.js";
import { add, div, mul, pow, sqrt, sub } from "../../ops/pointwise.js";
import { allFinite, entries } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";
import { positive } from "./kinds.js";
import { type Change, each, type Moment, type Optimizer, optimizerOf } from "./optimizer.js";
import { type RateOptions, rating } from "./schedule.js";

export interface AdamOptions extends RateOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added to the root of the mean square; above 0, since 0 / 0 is no step. */
  readonly epsilon?: number;
}

export interface AdamWOptions extends AdamOptions {
  /** Share of a parameter that is taken off per unit of rate; default 0.01. */
  readonly decay?: number;
}

/** What is kept of a tensor: running means of the gradient and of its square. */
export type AdamSlot = "mean" | "square";

const known: Known<AdamOptions> = { ...rating, beta1: number, beta2: number, epsilon: positive };

/**
 * Adam (Kingma & Ba 2015), with bias correction. Weight decay belongs into the loss: there it is part of the gradient.
 * @throws ArgumentError, at an update, for a gradient whose square is beyond float64
 */
export function adam(given: AdamOptions): Optimizer<AdamSlot> {
  const options = optionsOf("adam", given, known, ["rate"]);
  return optimizerOf("adam", options, ["mean", "square"], each(stepOf("adam", options)));
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019): x falls by rate · decay · x besides. Where a balance between
 * blocks is wanted, as of Theorem 1 for R-JEPA, decay must be L2 inside the loss, for Adam scales it there as it scales the rest.
 * @throws ArgumentError, at an update, for a gradient whose square is beyond float64
 */
export function adamw(given: AdamWOptions): Optimizer<AdamSlot> {
  const { decay = 0.01, ...options } = optionsOf("adamw", given, { ...known, decay: notNegative }, ["rate"]);
  const stepped = stepOf("adamw", options);
  const change = each<AdamSlot>((moment) => {
    const { step, kept } = stepped(moment);
    return { step: add(step, mul(moment.x, mul(moment.rate, decay))), kept };
  });
  return optimizerOf("adamw", options, ["mean", "square"], change);
}

function stepOf(
  who: string,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): (moment: Moment<AdamSlot>) => Change<AdamSlot> {
  if (!(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1))
    throw new ArgumentError(`${who}: beta1 and beta2 must lie in [0, 1), got ${beta1} and ${beta2}`);
  return ({ path, g, kept, count, rate }) => {
    const mean = add(mul(kept.mean, beta1), mul(g, 1 - beta1));
    const squares = add(mul(kept.square, beta2), mul(mul(g, 1 - beta2), g));
    if (!allFinite(squares)) requireSquares(who, g, path);
    const [c1, c2] = [beta1, beta2].map((beta) => sub(1, pow(beta, count)));
    const step = div(mul(rate, div(mean, c1)), add(sqrt(div(squares, c2)), epsilon));
    return { step, kept: { mean, square: squares } };
  };
}

/** An infinite mean of squares would hold the parameter still for good. @throws ArgumentError for a finite entry of one */
export function requireSquares(who: string, g: Tensor, path: string): void {
  for (const v of entries(g))
    if (Number.isFinite(v) && v * v === Number.POSITIVE_INFINITY)
      throw new ArgumentError(
        `${who}: expected a gradient whose squares are finite, got ${v}${at(path)}; clip it first, by clipByNorm`,
      );
}

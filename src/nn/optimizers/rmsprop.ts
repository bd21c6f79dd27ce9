import { type Known, options as optionsOf } from "../../core/kinds.js";
import { add, div, mul, sqrt } from "../../ops/pointwise.js";
import { allFinite } from "../../tensor/read.js";
import { requireSquares } from "./adam.js";
import { positive, share } from "./kinds.js";
import { each, type Optimizer, optimizerOf } from "./optimizer.js";
import { type RateOptions, rating } from "./schedule.js";

export interface RmspropOptions extends RateOptions {
  /** Share of the mean square that is kept; default 0.9. */
  readonly decay?: number;
  /** Added to the root of the mean square; above 0, since 0 / 0 is no step. */
  readonly epsilon?: number;
}

/**
 * The gradient over the root of its running mean square (Tieleman & Hinton 2012).
 * @throws ArgumentError, at an update, for a gradient whose square is beyond float64
 */
export function rmsprop(given: RmspropOptions): Optimizer<"square"> {
  const known: Known<RmspropOptions> = { ...rating, decay: share, epsilon: positive };
  const { decay = 0.9, epsilon = 1e-8, ...options } = optionsOf("rmsprop", given, known, ["rate"]);
  const change = each<"square">(({ path, g, kept, rate }) => {
    const squares = add(mul(kept.square, decay), mul(mul(g, 1 - decay), g));
    if (!allFinite(squares)) requireSquares("rmsprop", g, path);
    return { step: div(mul(rate, g), add(sqrt(squares), epsilon)), kept: { square: squares } };
  });
  return optimizerOf("rmsprop", options, ["square"], change);
}

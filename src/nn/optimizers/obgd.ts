import { ArgumentError } from "../../core/errors.js";
import { either, finite, type Known, kind, options as optionsOf } from "../../core/kinds.js";
import { cast } from "../../ops/cast.js";
import { asTensor, scalar } from "../../ops/create.js";
import { abs, add, div, maximum, mul } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { allFinite } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { positive } from "./kinds.js";
import { type Changes, type Optimizer, type OptimizerState, optimizerOf } from "./optimizer.js";
import { type RateOptions, rating, scalarOf } from "./schedule.js";

export interface ObgdOptions extends RateOptions {
  /** Share of the trace that is kept, γλ of TD(λ), from 0 to 1; default 0: the trace is the gradient at hand. */
  readonly decay?: number;
  /** κ: the larger, the shorter the longest step; above 1 nothing overshoots. Default 2. */
  readonly kappa?: number;
}

/** What an update of `obgd` may be told besides. */
export interface ObgdSignal {
  /** δ, a scalar: what is lowered is ½δ², and the gradient is that of δ, its target held. Without it, see `obgd`. */
  readonly error?: Tensor | number;
  /** Share of the trace that this update keeps, in place of the option's: 0 where an episode begins. */
  readonly decay?: Tensor | number;
}

/** An optimizer that may be told an error beside its gradient. */
export interface Obgd extends Optimizer<"trace"> {
  update<P>(
    gradient: P,
    state: OptimizerState<P, "trace">,
    params: P,
    signal?: ObgdSignal,
  ): { readonly params: P; readonly state: OptimizerState<P, "trace"> };
}

const share = kind("a number from 0 to 1", (v) => typeof v === "number" && v >= 0 && v <= 1);
const aTensor = kind("a tensor", isTensor);
const known: Known<ObgdOptions> = { ...rating, decay: share, kappa: positive };
const signals: Known<ObgdSignal> = {
  error: either("a finite number or a tensor", finite, aTensor),
  decay: either("a number from 0 to 1 or a tensor", share, aTensor),
};

/**
 * Overshooting-bounded gradient descent with a trace, for single streams without batches (Elsayed, Vasan & Mahmood 2024,
 * "Streaming Deep Reinforcement Learning Finally Works", algorithm 3):
 *
 *     z ← γλ z + g;   M = α κ max(|δ|, 1) ‖z‖₁;   x ← x − α / max(1, M) · δ z
 *
 * with α the `rate`, γλ the `decay`, and ‖z‖₁ over all tensors. Where no entry of the gradient of δ is beyond 1, δ changes by at
 * most |δ|/κ at an update, to first order: it does not overshoot zero where κ ≥ 1 (κ ≥ 2 where the target moves along, as that of
 * TD does). With a `scale`, α is each tensor's own, and M is κ max(|δ|, 1) times the sum of α ‖z‖₁.
 *
 * The gradient is that of δ itself, so for δ = target − prediction that of −prediction (or of −log π for a policy), **and not
 * that of a squared error**, which has δ in it: `update(gradient, state, params, { error })`. Without an error, δ is 1: the
 * gradient is then that of the objective, whose parameters move by at most 1/κ in all, summed over their magnitudes.
 * @throws ArgumentError, at an update, for an error that is no finite scalar, and for a trace whose M is beyond float64
 */
export function obgd(given: ObgdOptions): Obgd {
  const { decay: always = 0, kappa = 2, ...options } = optionsOf("obgd", given, known, ["rate"]);
  const told = (signal?: ObgdSignal): Optimizer<"trace"> => {
    const { error = 1, decay = always } = optionsOf("obgd", signal, signals);
    const change = bounded(
      kappa,
      cast(asTensor(scalarOf("obgd", "the error", error)), "float64"),
      scalarOf("obgd", "the decay", decay),
    );
    return optimizerOf("obgd", options, ["trace"], change);
  };
  return {
    init: told().init,
    update: (gradient, state, params, signal) => told(signal).update(gradient, state, params),
  };
}

function bounded(kappa: number, error: Tensor, decay: Tensor | number): Changes<"trace"> {
  return (moments) => {
    const traces = moments.map(({ g, kept }) => add(mul(kept.trace, decay), g));
    const steps = traces.map((trace, i) => mul(trace, moments[i].rate));
    const length = steps.map((step) => sum(abs(step))).reduce(add, scalar(0));
    const excess = mul(mul(length, maximum(1, abs(error))), kappa);
    if (!allFinite(excess) && traces.every(allFinite))
      throw new ArgumentError(
        "obgd: expected rate, error and length of the trace to have a finite product, got one beyond float64; clip the gradient first, by clipByNorm",
      );
    const factor = div(error, maximum(1, excess));
    return steps.map((step, i) => ({ step: mul(step, factor), kept: { trace: traces[i] } }));
  };
}

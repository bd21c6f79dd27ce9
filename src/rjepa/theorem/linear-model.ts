/**
 * R-JEPA with all but its objective taken away: h = W_h x of a process x, and a linear predictor ĥ(t+1) = W_G h(t). Losses are
 * expectations over the process, so that what is measured is the dynamics of learning and no sampling noise.
 */
import { einsum, matmul } from "../../ops/contract.js";
import { tensor } from "../../ops/create.js";
import { add, mul, square, sub } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import { transpose } from "../../ops/views.js";
import { item } from "../../tensor/read.js";
import type { Tensor } from "../../tensor/tensor.js";

/** Independent AR(1) modes x_i(t+1) = ρ_i x_i(t) + noise, by the variance v_i and lag-1 correlation ρ_i of each. */
export interface Process {
  readonly variances: readonly number[];
  readonly correlations: readonly number[];
}

/** W_h: [d, m], W_G: [d, d]. */
export type Weights = { readonly Wh: Tensor; readonly WG: Tensor };

/** Weights η_G and η_h of ‖W_G‖² and ‖W_h‖² in the loss. */
export interface Decays {
  readonly predictor: number;
  readonly head: number;
}

export interface Objective {
  readonly process: Process;
  readonly decays: Decays;
  /** What is predicted: the next embedding as a constant, or with its gradient. */
  readonly target: "stopGradient" | "gradient";
}

/** L = E‖W_G h(t) − h(t+1)‖² / d + η_G ‖W_G‖² + η_h ‖W_h‖². */
export function lossOf({ process, decays, target }: Objective): (weights: Weights) => Tensor {
  const variances = tensor([...process.variances]);
  const covariances = tensor(process.variances.map((v, i) => v * process.correlations[i]));
  return ({ Wh, WG }) => {
    const predicted = matmul(WG, Wh);
    const next = target === "stopGradient" ? stopGradient(Wh) : Wh;
    const error = sub(
      sum(mul(add(square(predicted), square(next)), variances)),
      mul(sum(mul(mul(predicted, next), covariances)), 2),
    );
    const decay = add(mul(sum(square(WG)), decays.predictor), mul(sum(square(Wh)), decays.head));
    return add(mul(error, 1 / Wh.shape[0]), decay);
  };
}

/** W_GᵀW_G − factor · W_h W_hᵀ, [d, d], as its Frobenius norm: with factor η_h/η_G it is 0 at every stationary point. */
export function imbalance({ Wh, WG }: Weights, factor: number): number {
  const left = matmul(transpose(WG), WG);
  const right = mul(einsum("im,jm->ij", Wh, Wh), factor);
  return Math.sqrt(item(sum(square(sub(left, right)))));
}

/** Σ W² of each. */
export const sizes = ({ Wh, WG }: Weights): { readonly Wh: number; readonly WG: number } => ({
  Wh: item(sum(square(Wh))),
  WG: item(sum(square(WG))),
});

/** Variance of the embedding, all units together. */
export const varianceOf = ({ Wh }: Weights, { variances }: Process): number =>
  item(sum(mul(square(Wh), tensor([...variances]))));

/**
 * Variance that a mode keeps at the stationary point with equal decays: v b², where b is the larger root of
 * (v/d) b (ρ − b) = η, and nothing from η = v ρ²/(4d) on.
 */
export function keptVariance(v: number, rho: number, decay: number, d: number): number {
  const inside = rho ** 2 - (4 * decay * d) / v;
  return inside < 0 ? 0 : v * ((rho + Math.sqrt(inside)) / 2) ** 2;
}

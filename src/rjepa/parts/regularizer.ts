import { ArgumentError } from "../../core/errors.js";
import { contract } from "../../ops/contract.js";
import { eye } from "../../ops/create.js";
import { add, mul, relu, sqrt, square, sub } from "../../ops/pointwise.js";
import { mean, sum } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { RegularizerPreset } from "./part-presets.js";

/** Standard deviation that is asked of each unit, and what is added to variances below the root. */
const [leastDeviation, floor] = [1, 1e-4];

/** An embedding less its mean over the batch. */
const centered = (h: Tensor): Tensor => sub(h, mean(h, 0, { keepDims: true }));

/** Σ_j max(0, 1 − √(Var h_j + 1e-4)) / d of embeddings h [B, d], Var over B − 1: eq. 1 of Bardes et al. (2022). */
export function varianceHinge(h: Tensor): Tensor {
  const variance = mul(sum(square(centered(h)), 0), 1 / (h.shape[0] - 1));
  return mean(relu(sub(leastDeviation, sqrt(add(variance, floor)))));
}

/** Σ_{i≠j} Cov(h_i, h_j)² / d of embeddings h [B, d], Cov over B − 1: eq. 4 of Bardes et al. (2022). */
export function covariancePenalty(h: Tensor): Tensor {
  const [batch, d] = h.shape;
  const z = centered(h);
  const covariance = mul(contract(z, z, ["b", "i"], ["b", "j"], ["i", "j"]), 1 / (batch - 1));
  // the diagonal is left out, and not taken off: what is left may be small beside it
  return mul(sum(square(mul(covariance, sub(1, eye(d, { dtype: h.dtype }))))), 1 / d);
}

/** The weighted penalties of embeddings [B, d]; `null` where all weights are zero. @throws ArgumentError for one stream */
export function penaltyOf({ variance = 0, covariance = 0 }: RegularizerPreset, h: Tensor): Tensor | null {
  if (variance === 0 && covariance === 0) return null;
  if (h.shape[0] < 2)
    throw new ArgumentError(
      `jepa: expected at least 2 streams for a regularizer, which is of variances over them, got ${h.shape[0]}`,
    );
  const terms = [
    ...(variance === 0 ? [] : [mul(varianceHinge(h), variance)]),
    ...(covariance === 0 ? [] : [mul(covariancePenalty(h), covariance)]),
  ];
  return terms.reduce((a, b) => add(a, b));
}

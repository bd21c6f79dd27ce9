import { pairLeaves } from "../../core/pair-leaves.js";
import { fillTree } from "../../core/tree.js";
import type { ModelParams } from "../../learn/model/model.js";
import { add, mul } from "../../ops/pointwise.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { named } from "./area.js";

/** What embeddings are made with: parameters of all areas, and W_h of those that predict. */
export const encoderOf = (
  { areas, readout }: ModelParams,
  predicting: readonly { readonly area: number }[],
): ModelParams => ({
  areas,
  readout: Object.fromEntries(predicting.map(({ area }) => [named("Wh", area), readout[named("Wh", area)]])),
});

/** Share of itself that a slow parameter keeps in an update, counted from 0: from `momentum` to 1 along a half cosine (Grill et al. 2020). */
export const momentumAt = (momentum: number, update: number, updates: number): number =>
  1 - ((1 - momentum) * (1 + Math.cos((Math.PI * update) / updates))) / 2;

const words = { who: "train", reference: "the slow parameters", other: "the parameters" };

/** m slow + (1 − m) fast. */
export function followed(slow: ModelParams, fast: ModelParams, m: number): ModelParams {
  // in this form m = 1 keeps every bit
  const moved = pairLeaves<Tensor>(words, slow, fast, isTensor).map(({ value, other }) =>
    add(mul(value, m), mul(other, 1 - m)),
  );
  return fillTree(slow, isTensor, moved) as ModelParams;
}

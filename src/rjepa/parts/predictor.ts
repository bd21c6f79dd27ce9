import type { DType } from "../../core/dtype.js";
import type { Shape } from "../../core/shape.js";
import { linear } from "../../nn/layers.js";
import { eye, zeros } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { add, exp, mul, sqrt, square } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { reshape } from "../../ops/views.js";
import type { Tensor } from "../../tensor/tensor.js";

/** What a predictor sees of a saccade: both displacements, and how near it stays at two scales. */
export const saccadeFeatures = 4;
const displacementScale = 5;
const [near, far] = [0.1, 0.3];

/** Features [B, 4] of saccades [B, 2] over the diagonal. */
export function featuresOf(saccade: Tensor): Tensor {
  const length = sqrt(sum(square(saccade), 1, { keepDims: true }));
  return concat(
    [mul(saccade, displacementScale), exp(mul(length, -1 / near)), exp(mul(length, -1 / far))],
    1,
  );
}

/** Parameters of a predictor: W_G and b_G, and where it is told the saccade W_b and W_a. */
export interface Predictor {
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Names of those that decay. */
  readonly decayed: readonly string[];
  init(dtype: DType): Record<string, Tensor>;
  /** ĥ(t+1), [B, d], from h(t) and the saccade that follows. */
  apply(params: Readonly<Record<string, Tensor>>, h: Tensor, saccade: Tensor): Tensor;
}

/** ĥ = W_G h + b_G. */
export function linearPredictor(d: number): Predictor {
  const shapes = { WG: [d, d], bG: [d] };
  return {
    shapes,
    decayed: ["WG"],
    init: (dtype) => ({ WG: mul(eye(d, { dtype }), 0.5), bG: zeros([d], { dtype }) }),
    apply: (params, h) => linear(h, params.WG, params.bG),
  };
}

/** ĥ = (W_G + Σ_k f_k W_b,k) h + W_a f + b_G, f the features of the saccade: the map of the embedding depends on where the eye went. */
export function saccadePredictor(d: number): Predictor {
  const plain = linearPredictor(d);
  const shapes = { ...plain.shapes, Wb: [d, saccadeFeatures * d], Wa: [d, saccadeFeatures] };
  return {
    shapes,
    decayed: [...plain.decayed, "Wb", "Wa"],
    init: (dtype) => ({
      ...plain.init(dtype),
      Wb: zeros(shapes.Wb, { dtype }),
      Wa: zeros(shapes.Wa, { dtype }),
    }),
    apply(params, h, saccade) {
      const f = featuresOf(saccade);
      const scaled = mul(reshape(f, [-1, saccadeFeatures, 1]), reshape(h, [-1, 1, d]));
      const bent = linear(reshape(scaled, [-1, saccadeFeatures * d]), params.Wb);
      return add(add(plain.apply(params, h, saccade), bent), linear(f, params.Wa));
    },
  };
}

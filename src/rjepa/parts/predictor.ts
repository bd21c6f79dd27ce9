import type { DType } from "../../core/dtype.js";
import { foldIn, type Key } from "../../core/prng.js";
import type { Shape } from "../../core/shape.js";
import { fanIn, linear } from "../../nn/layers.js";
import { eye, zeros } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { add, exp, gelu, mul, sqrt, square } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { reshape } from "../../ops/views.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { PredictorPreset } from "./part-presets.js";

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

/** What a predictor may be told beside h(t). */
export interface Told {
  /** The saccade that follows, over the image's diagonal, [B, 2]. */
  readonly saccade: Tensor;
  /** The context c(t), [B, c]; `null` for a predictor that is not told. */
  readonly context: Tensor | null;
}

/** What a predictor is told, and by how many numbers. */
export interface ToldSizes {
  readonly saccade: boolean;
  /** Size of the context; 0 for a predictor that is not told. */
  readonly context: number;
}

export interface Predictor {
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Names of those that decay. */
  readonly decayed: readonly string[];
  readonly told: ToldSizes;
  init(key: Key, dtype: DType): Record<string, Tensor>;
  /** ĥ(t+1), [B, d], from h(t), [B, d]. */
  apply(params: Readonly<Record<string, Tensor>>, h: Tensor, told: Told): Tensor;
}

/**
 * ĥ = W_G h + b_G. Told the saccade it is (W_G + Σ_k f_k W_b,k) h + W_a f + b_G, f the features of the saccade: the map of the
 * embedding depends on where the eye went. Told the context, W_c c is added. W_G starts at half the identity, all else at zero.
 */
export function linearPredictor(d: number, told: ToldSizes): Predictor {
  const { saccade, context } = told;
  const shapes: Record<string, Shape> = {
    WG: [d, d],
    bG: [d],
    ...(saccade ? { Wb: [d, saccadeFeatures * d], Wa: [d, saccadeFeatures] } : {}),
    ...(context > 0 ? { Wc: [d, context] } : {}),
  };
  return {
    shapes,
    decayed: Object.keys(shapes).filter((name) => name !== "bG"),
    told,
    init: (_, dtype) =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [
          name,
          name === "WG" ? mul(eye(d, { dtype }), 0.5) : zeros(shape, { dtype }),
        ]),
      ),
    apply(params, h, seen) {
      let predicted = linear(h, params.WG, params.bG);
      if (saccade) {
        const f = featuresOf(seen.saccade);
        const scaled = mul(reshape(f, [-1, saccadeFeatures, 1]), reshape(h, [-1, 1, d]));
        const bent = linear(reshape(scaled, [-1, saccadeFeatures * d]), params.Wb);
        predicted = add(add(predicted, bent), linear(f, params.Wa));
      }
      return seen.context === null ? predicted : add(predicted, linear(seen.context, params.Wc));
    },
  };
}

/**
 * ĥ = W_G gelu(W_M z + b_M) + b_G, z the embedding and what else is told, side by side: f of the saccade, c of the context. Both
 * matrices start by their fan-in.
 */
export function mlpPredictor(d: number, hidden: number, told: ToldSizes): Predictor {
  const inputs = d + (told.saccade ? saccadeFeatures : 0) + told.context;
  const shapes = { WM: [hidden, inputs], bM: [hidden], WG: [d, hidden], bG: [d] };
  return {
    shapes,
    decayed: ["WM", "WG"],
    told,
    init: (key, dtype) => ({
      WM: fanIn(foldIn(key, "WM"), shapes.WM, 1, { dtype }),
      bM: zeros(shapes.bM, { dtype }),
      WG: fanIn(foldIn(key, "WG"), shapes.WG, 1, { dtype }),
      bG: zeros(shapes.bG, { dtype }),
    }),
    apply(params, h, { saccade, context }) {
      const z = [h, ...(told.saccade ? [featuresOf(saccade)] : []), ...(context === null ? [] : [context])];
      return linear(gelu(linear(concat(z, 1), params.WM, params.bM)), params.WG, params.bG);
    },
  };
}

/** The predictor of an area with embeddings of d numbers; only the top one is told anything. */
export function predictorOf(
  { kind, saccade = false, context = false, hidden = 0 }: PredictorPreset,
  d: number,
  { isTop, context: size }: { readonly isTop: boolean; readonly context: number },
): Predictor {
  const told = { saccade: isTop && saccade, context: isTop && context ? size : 0 };
  return kind === "mlp" ? mlpPredictor(d, hidden, told) : linearPredictor(d, told);
}

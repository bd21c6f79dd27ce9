import type { DType } from "../../core/dtype.js";
import { foldIn, type Key } from "../../core/prng.js";
import type { LossContext, Model, ModelParams } from "../../learn/model/model.js";
import { network } from "../../learn/model/network.js";
import { fanIn } from "../../nn/layers.js";
import { scalar } from "../../ops/create.js";
import { add, mul, square, sub } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import { areasOf, countOfUnits, initArea, unitsOf } from "./area.js";
import { embed, type HeadStatistics } from "./head.js";
import { linearPredictor, type Predictor, saccadePredictor } from "./predictor.js";
import type { Preset } from "./preset.js";
import { targetAt } from "./target.js";

/** One fixation of a batch of streams. */
export interface Fixated {
  /** What the retina makes of the crops, [B, C, P, P]. */
  readonly input: Tensor;
  /** The saccade that led here over the image's diagonal, [B, 2]; zero at the first fixation. */
  readonly saccade: Tensor;
  /** How the outputs of each area that predicts are standardized, bottom to top. */
  readonly heads: readonly HeadStatistics[];
}

export interface JepaOptions {
  readonly preset: Preset;
  /** Steps T of a sequence: the loss is the mean over its T − 1 predictions. */
  readonly steps: number;
  /** Weight η of the L2 decay inside the loss, on all matrices and kernels of drives, W_h and the predictor's matrices. */
  readonly decay?: number;
}

/** An area that predicts its own next embedding. */
export interface PredictingArea {
  /** Index among the areas. */
  readonly area: number;
  /** Numbers of its output that its embedding reads, n. */
  readonly outputs: number;
  /** Those of an output [B, ...], [B, n]. */
  read(output: Tensor): Tensor;
  readonly predictor: Predictor;
}

export interface Jepa {
  readonly model: Model<Fixated>;
  readonly preset: Preset;
  readonly predicting: readonly PredictingArea[];
  init(key: Key, options?: { readonly dtype?: DType }): ModelParams;
  /** Parameters of the predictor of one predicting area, by the names that it knows. */
  predictorParams(params: ModelParams, index: number): Record<string, Tensor>;
  /** Whether a path in the tree of parameters, such as `readout.WG6`, is one of a predictor. */
  isOfPredictor(path: string): boolean;
}

/** Name of a parameter of an area among those that only the loss reads: `Wh6`. */
const named = (name: string, area: number): string => `${name}${area + 1}`;

export function jepa({ preset, steps, decay = 1e-4 }: JepaOptions): Jepa {
  const parts = areasOf(preset);
  const areas = parts.map(({ cell }) => cell);
  const top = areas.length - 1;
  const d = preset.embedding;
  const predicting = areas
    .map(
      (cell, area): PredictingArea => ({
        area,
        outputs: countOfUnits(preset.areas[area], cell.outputShape),
        read: (r) => unitsOf(preset.areas[area], r),
        predictor: preset.saccade && area === top ? saccadePredictor(d) : linearPredictor(d),
      }),
    )
    .filter(({ area }) => preset.objective === "areas" || area === top);

  const predictorParams: Jepa["predictorParams"] = (params, index) => {
    const { area, predictor } = predicting[index];
    return Object.fromEntries(Object.keys(predictor.shapes).map((n) => [n, params.readout[named(n, area)]]));
  };

  const decayed = (params: ModelParams): Tensor =>
    [
      ...params.areas.flatMap((p, a) => parts[a].decayed.map((name) => p[name])),
      ...predicting.flatMap(({ area, predictor }) =>
        ["Wh", ...predictor.decayed].map((n) => params.readout[named(n, area)]),
      ),
    ]
      .map((W) => sum(square(W)))
      .reduce((a, b) => add(a, b));

  const loss = ({ params, now, before, sample }: LossContext<Fixated>): Tensor => {
    if (before === null) return scalar(0, now.input.dtype);
    const share = 1 / (steps - 1);
    const target = targetAt(preset, areas, params, now);
    const batch = now.input.shape[0];
    const errors = predicting.map(({ area, predictor, read }, i) => {
      const Wh = params.readout[named("Wh", area)];
      const h = embed(read(before.outputs[area]), Wh, sample.heads[i].recurrent);
      const predicted = predictor.apply(predictorParams(params, i), h, sample.saccade);
      return sum(square(sub(predicted, target(area, Wh, sample.heads[i]))));
    });
    const error = mul(
      errors.reduce((a, b) => add(a, b)),
      share / (batch * d),
    );
    return add(error, mul(decayed(params), decay * share));
  };

  const init: Jepa["init"] = (key, { dtype = "float64" } = {}) => ({
    areas: parts.map((area, i) => initArea(foldIn(key, i), area, preset.areas[i], dtype)),
    readout: Object.fromEntries(
      predicting.flatMap(({ area, outputs, predictor }) => [
        [named("Wh", area), fanIn(foldIn(key, named("Wh", area)), [d, outputs], 1, { dtype })],
        ...Object.entries(predictor.init(dtype)).map(([n, t]) => [named(n, area), t] as const),
      ]),
    ),
  });

  const model = network<Fixated>(areas, {
    input: (sample) => sample.input,
    loss,
    pure: true,
    // where every area learns for itself, none learns from what lies above
    detached: preset.objective === "areas",
  });
  const ofPredictors = new Set(
    predicting.flatMap(({ area, predictor }) =>
      Object.keys(predictor.shapes).map((n) => `readout.${named(n, area)}`),
    ),
  );
  return {
    model: { ...model, init },
    preset,
    predicting,
    init,
    predictorParams,
    isOfPredictor: (path) => ofPredictors.has(path),
  };
}

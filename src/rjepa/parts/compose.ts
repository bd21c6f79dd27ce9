import type { DType } from "../../core/dtype.js";
import {
  anything,
  count,
  having,
  type Known,
  notNegative,
  options as optionsOf,
  plainObject,
} from "../../core/kinds.js";
import { foldIn, type Key } from "../../core/prng.js";
import type { LossContext, Model, ModelParams, Moment } from "../../learn/model/model.js";
import { network } from "../../learn/model/network.js";
import { fanIn } from "../../nn/layers.js";
import { scalar } from "../../ops/create.js";
import { add, mul, square, sub } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import { areasOf, countOfUnits, initArea, named, unitsOf } from "./area.js";
import { contextOf, contextSize } from "./context.js";
import { embed, type HeadStatistics } from "./head.js";
import { type Asked, type Head, headsOf } from "./heads.js";
import { type Predictor, predictorOf } from "./predictor.js";
import type { Preset } from "./preset.js";
import { penaltyOf } from "./regularizer.js";
import { requirePreset } from "./require.js";
import { targetAt } from "./target.js";

/** One fixation of a batch of streams, with what heads are asked there. The saccade that led to the first is zero. */
export interface Fixated extends Asked {
  /** What is passed on of the crops, [B, C, P, P]. */
  readonly input: Tensor;
  /** How the outputs of each area that predicts are standardized, bottom to top. */
  readonly heads: readonly HeadStatistics[];
  /** Parameters that the target is made with, where it is an EMA: those of areas, and each W_h; constants. */
  readonly slow?: ModelParams;
}

/** Fixations of a batch of streams, step by step, without what the trainer knows. */
export type Batch = readonly Omit<Fixated, "heads" | "slow">[];

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
  readonly heads: readonly Head[];
  init(key: Key, options?: { readonly dtype?: DType }): ModelParams;
  /** Parameters of the predictor of one predicting area, by the names that it knows. */
  predictorParams(params: ModelParams, index: number): Record<string, Tensor>;
  /** Whether a path in the tree of parameters, such as `readout.WG6`, is one of a predictor. */
  isOfPredictor(path: string): boolean;
  /** The head that a path such as `readout.Ws` is of; `null` for all else. */
  headOf(path: string): Head | null;
}

const known: Known<JepaOptions> = { preset: anything, steps: count(2), decay: notNegative };

/**
 * An R-JEPA of the parts of a preset.
 * @throws ArgumentError for a preset that is not whole, ShapeError where an area does not fit onto the one below
 */
export function jepa(options: JepaOptions): Jepa {
  const { preset: given, steps, decay = 1e-4 } = optionsOf("jepa", options, known, ["preset", "steps"]);
  const preset = requirePreset("jepa", given);
  const parts = areasOf(preset);
  const areas = parts.map(({ cell }) => cell);
  const top = areas.length - 1;
  const d = preset.embedding;
  const context = contextSize(areas);
  const heads = headsOf(preset.heads ?? {}, areas, d);
  const predicting = areas
    .map(
      (cell, area): PredictingArea => ({
        area,
        outputs: countOfUnits(preset.areas[area], cell.outputShape),
        read: (r) => unitsOf(preset.areas[area], r),
        predictor: predictorOf(preset.predictor, d, { isTop: area === top, context }),
      }),
    )
    .filter(({ area }) => preset.objective === "areas" || area === top);

  const predictorParams: Jepa["predictorParams"] = (params, index) => {
    count(0, predicting.length - 1)("jepa.predictorParams", "the index", index);
    having({ readout: plainObject })("jepa.predictorParams", "the parameters", params);
    const { area, predictor } = predicting[index];
    return Object.fromEntries(Object.keys(predictor.shapes).map((n) => [n, params.readout[named(n, area)]]));
  };

  const decayed = (params: ModelParams): Tensor =>
    [
      ...params.areas.flatMap((p, a) => parts[a].decayed.map((name) => p[name])),
      ...predicting.flatMap(({ area, predictor }) =>
        ["Wh", ...predictor.decayed].map((n) => params.readout[named(n, area)]),
      ),
      ...heads.flatMap((head) => head.decayed.map((n) => params.readout[n])),
    ]
      .map((W) => sum(square(W)))
      .reduce((a, b) => add(a, b));

  /** What stands between areas where each learns for itself stands between a predictor and the states below its own, too. */
  const isBelow = (area: number): boolean => preset.objective === "areas" && area !== top;

  /** Errors of all predictions of this fixation, with the penalties of what they were made from, and the decay. */
  const predictionLoss = ({ params, now, sample }: LossContext<Fixated>, before: Moment): Tensor => {
    const share = 1 / (steps - 1);
    const target = targetAt(preset, areas, params, now, sample.slow);
    const batch = now.input.shape[0];
    const penalties: Tensor[] = [];
    const errors = predicting.map(({ area, predictor, read }, i) => {
      const Wh = params.readout[named("Wh", area)];
      const h = embed(read(before.outputs[area]), Wh, sample.heads[i].recurrent);
      const penalty = penaltyOf(preset.regularizer ?? {}, h);
      if (penalty !== null) penalties.push(mul(penalty, share));
      const seen = predictor.told.context > 0 ? contextOf(areas, before.states, isBelow) : null;
      const told = { saccade: sample.saccade, context: seen };
      const predicted = predictor.apply(predictorParams(params, i), h, told);
      return sum(square(sub(predicted, target(area, Wh, sample.heads[i]))));
    });
    const error = mul(
      errors.reduce((a, b) => add(a, b)),
      share / (batch * d),
    );
    const decaying = mul(decayed(params), decay * share);
    return [decaying, ...penalties].reduce((a, b) => add(a, b), error);
  };

  /** What heads lose at this fixation: a share of T − 1 saccades, and all of the one label. */
  const headLosses = ({ params, now, sample }: LossContext<Fixated>): Tensor[] =>
    heads.flatMap((head) => {
      const embedding = (): Tensor =>
        embed(
          predicting[predicting.length - 1].read(now.outputs[top]),
          params.readout[named("Wh", top)],
          sample.heads[predicting.length - 1].recurrent,
        );
      const lost = head.loss(params.readout, { now, sample, embedding });
      if (lost === null) return [];
      return [head.name === "saccade" ? mul(lost, 1 / (steps - 1)) : lost];
    });

  const loss = (context: LossContext<Fixated>): Tensor => {
    const { before, now } = context;
    const predicted = before === null ? scalar(0, now.input.dtype) : predictionLoss(context, before);
    return headLosses(context).reduce((a, b) => add(a, b), predicted);
  };

  const init: Jepa["init"] = (key, { dtype = "float64" } = {}) => ({
    areas: parts.map((area, i) => initArea(foldIn(key, i), area, preset.areas[i], dtype)),
    readout: Object.fromEntries([
      ...predicting.flatMap(({ area, outputs, predictor }) => [
        [named("Wh", area), fanIn(foldIn(key, named("Wh", area)), [d, outputs], 1, { dtype })] as const,
        ...Object.entries(predictor.init(foldIn(key, named("predictor", area)), dtype)).map(
          ([n, t]) => [named(n, area), t] as const,
        ),
      ]),
      ...heads.flatMap((head) => Object.entries(head.init(dtype))),
    ]),
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
  const headByPath = new Map<string, Head>(
    heads.flatMap((head) => Object.keys(head.shapes).map((n) => [`readout.${n}`, head] as const)),
  );
  return {
    model: { ...model, init },
    preset,
    predicting,
    heads,
    init,
    predictorParams,
    isOfPredictor: (path) => ofPredictors.has(path),
    headOf: (path) => headByPath.get(path) ?? null,
  };
}

import type { Cell } from "../../cells/_cell.js";
import type { DType } from "../../core/dtype.js";
import { DataError } from "../../core/errors.js";
import type { Shape } from "../../core/shape.js";
import type { Moment } from "../../learn/model/model.js";
import { crossEntropy, linear } from "../../nn/layers.js";
import { zeros } from "../../ops/create.js";
import { concat } from "../../ops/join.js";
import { mul, square, sub } from "../../ops/pointwise.js";
import { sum } from "../../ops/reduce.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import type { Tensor } from "../../tensor/tensor.js";
import { contextOf, contextSize } from "./context.js";
import type { ClassPreset, HeadPreset, HeadsPreset } from "./part-presets.js";

/** What a fixation tells heads beside its input. */
export interface Asked {
  /** The saccade that led here over the image's diagonal, [B, 2]. */
  readonly saccade: Tensor;
  /** The eye's place from the image's center, over its diagonal, [B, 2]. */
  readonly position?: Tensor;
  /** The saccade that follows, over the diagonal, [B, 2]; `null` at the last fixation. */
  readonly next?: Tensor | null;
  /** The label of each sequence, one-hot, [B, classes], at its last fixation; else `null`. */
  readonly label?: Tensor | null;
}

/** What a head can read of a moment. */
export interface Readable {
  readonly now: Moment;
  readonly sample: Asked;
  /** Embedding of the top area, [B, d]. */
  embedding(): Tensor;
}

/** A linear map of what was computed, with a loss of its own. */
export interface Head {
  readonly name: keyof HeadsPreset;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly decayed: readonly string[];
  /** Its rate over that of the areas. */
  readonly rate: number;
  init(dtype: DType): Record<string, Tensor>;
  /** What it says: a saccade, [B, 2], or logits, [B, classes]. */
  apply(params: Readonly<Record<string, Tensor>>, seen: Readable): Tensor;
  /** Its loss, the mean over streams; `null` at a fixation where nothing is asked of it. */
  loss(params: Readonly<Record<string, Tensor>>, seen: Readable): Tensor | null;
}

const usualRate = 10;

const zerosOf = (shapes: Readonly<Record<string, Shape>>, dtype: DType): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, zeros(shape, { dtype })]));

/** What a head reads, as a constant unless its error is to change it. */
const readBy = ({ gradient = false }: HeadPreset, read: Tensor): Tensor =>
  gradient ? read : stopGradient(read);

/** â = W_s [c, position, last saccade] + b_s with the loss ‖â − a‖²: the next saccade. */
function saccadeHead(given: HeadPreset, areas: readonly Cell[]): Head {
  const shapes = { Ws: [2, contextSize(areas) + 4], bs: [2] };
  const apply: Head["apply"] = (params, { now, sample: { position, saccade } }) => {
    if (position === undefined)
      throw new DataError("jepa: expected a sample with the eye's position for the saccade head, got none");
    const context = readBy(given, contextOf(areas, now.states));
    return linear(concat([context, position, saccade], 1), params.Ws, params.bs);
  };
  return {
    name: "saccade",
    shapes,
    decayed: ["Ws"],
    rate: given.rate ?? usualRate,
    init: (dtype) => zerosOf(shapes, dtype),
    apply,
    loss(params, seen) {
      const { next } = seen.sample;
      if (next === undefined)
        throw new DataError(
          "jepa: expected a sample with the next saccade for the saccade head, null at the last fixation, got none",
        );
      return next === null ? null : mul(sum(square(sub(apply(params, seen), next))), 1 / next.shape[0]);
    },
  };
}

/** Logits W_y r + b_y with softmax cross-entropy, r the embedding or the context at the last fixation of a sequence. */
function classHead(given: ClassPreset, areas: readonly Cell[], d: number): Head {
  const ofContext = given.from === "context";
  const shapes = { Wy: [given.classes, ofContext ? contextSize(areas) : d], by: [given.classes] };
  const apply: Head["apply"] = (params, { now, embedding }) =>
    linear(readBy(given, ofContext ? contextOf(areas, now.states) : embedding()), params.Wy, params.by);
  return {
    name: "class",
    shapes,
    decayed: ["Wy"],
    rate: given.rate ?? usualRate,
    init: (dtype) => zerosOf(shapes, dtype),
    apply,
    loss(params, seen) {
      const { label } = seen.sample;
      if (label === undefined)
        throw new DataError(
          "jepa: expected a sample with labels for the class head, null before the last fixation, got none",
        );
      return label === null ? null : crossEntropy(apply(params, seen), label);
    },
  };
}

/** The heads of a preset over areas with embeddings of d numbers. */
export const headsOf = (
  { saccade, class: labels }: HeadsPreset,
  areas: readonly Cell[],
  d: number,
): Head[] => [
  ...(saccade === undefined ? [] : [saccadeHead(saccade, areas)]),
  ...(labels === undefined ? [] : [classHead(labels, areas, d)]),
];

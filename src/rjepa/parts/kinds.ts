/** What users hand to the parts: checked before anything is computed. */

import { ShapeError } from "../../core/errors.js";
import { callable, exactly, having, type Kind, kind, listOf, orNull, someObject } from "../../core/kinds.js";
import { formatShape, sameShape } from "../../core/shape.js";
import { aModel } from "../../learn/model/kinds.js";
import { requireParams } from "../../learn/model/require-params.js";
import { requireTensor, type Tensor } from "../../tensor/tensor.js";
import type { Batch, Jepa } from "./compose.js";
import { inputShape } from "./input.js";
import type { Preset } from "./preset.js";
import type { Reader } from "./reader.js";
import { RunningStatistics } from "./statistics.js";

const aTensor: Kind = (who, _, value) => {
  requireTensor(who, value);
};

/** An R-JEPA, as `jepa` makes one. */
export const aJepa: Kind = having({
  model: aModel,
  preset: someObject,
  predicting: listOf(someObject, 1),
  heads: listOf(someObject),
  init: callable,
  predictorParams: callable,
});

const aSample = having({ input: aTensor, saccade: aTensor });
const readable = exactly<Reader>(
  {
    jepa: aJepa,
    params: someObject,
    slow: orNull(someObject),
    statistics: kind("what statisticsOf gives", (v) => v instanceof RunningStatistics),
  },
  ["jepa", "params", "statistics"],
);

/** A model that can be read. */
export const aReader: Kind = (who, what, value) => {
  readable(who, what, value);
  const { jepa, params } = value as Reader;
  requireParams(who, jepa.model, params);
};

/** Fixations of one batch of streams, as the preset sees them. @throws ShapeError */
export function requireBatch(who: string, { preset }: Pick<Jepa, "preset">, batch: unknown): Batch {
  listOf(aSample, 1)(who, "the batch", batch);
  const samples = batch as Batch;
  const n = samples[0].input.shape[0];
  for (const { input, saccade } of samples) {
    matches(who, "the input", input, [n, ...inputShape(preset as Preset)]);
    matches(who, "the saccades", saccade, [n, 2]);
  }
  return samples;
}

function matches(who: string, what: string, { shape }: Tensor, expected: readonly number[]): void {
  if (!sameShape(shape, expected))
    throw new ShapeError(
      `${who}: expected ${what} of the batch to be ${formatShape(expected)}, got ${formatShape(shape)}`,
    );
}

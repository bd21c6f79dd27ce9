import { aCell } from "../../cells/_kinds.js";
import { ShapeError } from "../../core/errors.js";
import { callable, having, type Kind, kindOf, listOf } from "../../core/kinds.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Model } from "./model.js";

/** A model, as `network` makes one. */
export const aModel: Kind = having({
  areas: listOf(aCell, 1),
  init: callable,
  input: callable,
  loss: callable,
});

/** A learner at work. */
export const aLearner: Kind = having({ step: callable, gradient: callable, memory: callable });

/** What the lowest area reads of a sample. @throws ShapeError where it is no tensor with a batch axis */
export function inputOf<S>(model: Model<S>, sample: S): Tensor {
  const input: unknown = model.input(sample);
  if (isTensor(input) && input.rank >= 1) return input;
  throw new ShapeError(
    `input: expected a tensor [B, ...] from the model's input, got ${isTensor(input) ? "a scalar" : kindOf(input)}`,
  );
}

/** A stream, or a batch of streams, goes on as it began: what a learner holds fits it. */
import { DTypeError, ShapeError } from "../../core/errors.js";
import { formatShape } from "../../core/shape.js";
import { leavesOf } from "../../core/tree.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { ModelParams } from "./model.js";

/** Requires an input to go on with the streams of the step before. @throws ShapeError, DTypeError */
export function requireSameStreams(before: Tensor | null, input: Tensor): void {
  if (before === null) return;
  // an input of another rank has no batch to compare: the area that reads it says so
  if (input.shape.length === before.shape.length && input.shape[0] !== before.shape[0])
    throw new ShapeError(
      `step: the batch changed, expected ${streams(before)}, got ${streams(input)}; call reset() first`,
    );
  if (input.dtype !== before.dtype)
    throw new DTypeError(
      `step: the dtype of the input changed, expected ${before.dtype}, got ${input.dtype}; call reset() first`,
    );
}

const streams = ({ shape: [n] }: Tensor): string => `${n} stream${n === 1 ? "" : "s"}`;

/** What an influence is made for: with another of these it is made anew. */
export const fitOf = (params: ModelParams, input: Tensor): string =>
  [
    `${input.dtype} ${formatShape(input.shape)}`,
    ...leavesOf<Tensor>(params, isTensor).map(({ value }) => `${value.dtype} ${formatShape(value.shape)}`),
  ].join();

import { derived } from "../../core/derived.js";
import { isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError } from "../../core/errors.js";
import { zerosLike } from "../../ops/create.js";
import { add } from "../../ops/pointwise.js";
import { Tape } from "../../reverse/tape.js";
import type { Tensor } from "../../tensor/tensor.js";
import { inputOf } from "../model/kinds.js";
import type { Model } from "../model/model.js";
import { countedHeads, headLosses } from "./heads.js";
import { cotangentsOf } from "./linear-step.js";
import type { Taken } from "./same-end.js";
import { unrollStep } from "./unroll.js";

/**
 * The derivative of the sum of the losses of these steps, of what counts in them, with respect to the input of each, [B, ...] as the lowest area reads
 * it: what a loss reads of its sample beside that is constant, and so is what lies before the first step.
 * @param heads which of the losses
 * @throws ArgumentError where no step was taken @throws DTypeError for inputs without derivatives, such as tokens
 */
export function inputGradients<S>(
  rule: string,
  model: Model<S>,
  taken: Taken<S> | null,
  heads: readonly number[],
): readonly Tensor[] {
  if (taken === null)
    throw new ArgumentError(
      `${rule}: expected at least one step before the gradient by its input is asked for`,
    );
  const { params, start, steps } = taken;
  const tape = new Tape(rule, { transient: true });
  try {
    let past = start;
    let total: Tensor | null = null;
    const leaves = steps.map(({ sample, heads: asked }) => {
      const input = inputOf(model, sample);
      if (!isFloat(input.dtype))
        throw new DTypeError(`${rule}: expected an input of floats to differentiate by, got ${input.dtype}`);
      const leaf = tape.leaf(input);
      const { now, loss } = unrollStep(derived(model, { input: () => leaf }), params, past, sample);
      const counts = countedHeads(rule, loss, asked);
      const losses = headLosses(loss);
      for (const head of heads)
        if (counts[head]) total = total === null ? losses[head] : add(total, losses[head]);
      past = { states: now.states, input: now.input };
      return leaf;
    });
    const known = cotangentsOf(tape, total === null ? -1 : tape.indexOf(total));
    return leaves.map((leaf) => known.get(tape.indexOf(leaf)) ?? zerosLike(tape.primal(leaf)));
  } finally {
    tape.open = false;
  }
}

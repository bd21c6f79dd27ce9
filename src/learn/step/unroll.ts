import type { CellState } from "../../cells/_cell.js";
import { stopGradient } from "../../ops/stop-gradient.js";
import type { Tensor } from "../../tensor/tensor.js";
import { inputOf } from "../model/kinds.js";
import type { Model, ModelParams, Moment, StepLoss } from "../model/model.js";
import { newStates, startStates } from "../model/states.js";
import { requireSameStreams } from "../model/stream.js";
import { lossOf } from "./heads.js";
import { momentOf, type Past } from "./step.js";

/** One time step on the tape that the parameters and the past belong to: states keep their history. */
export function unrollStep<S>(
  model: Model<S>,
  params: ModelParams,
  past: Past | null,
  sample: S,
): { readonly now: Moment; readonly loss: StepLoss } {
  const input = inputOf(model, sample);
  requireSameStreams(past?.input ?? null, input);
  const old = past?.states ?? startStates(model, params, input);
  const states: CellState[] = [];
  const outputs: Tensor[] = [];
  let x = input;
  model.areas.forEach((cell, b) => {
    const next = newStates(cell, b, cell.next(params.areas[b], old[b], x), old[b]);
    const y = cell.output(params.areas[b], next, x);
    states.push(next);
    outputs.push(y);
    x = model.detached ? stopGradient(y) : y;
  });
  const now: Moment = { input, states, outputs };
  const before = past?.input ? momentOf(model, params, past.states, past.input) : null;
  return { now, loss: lossOf(model, { params, now, before, sample }) };
}

import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Model, ModelParams } from "../model/model.js";
import { type Past, recordStart, type StepRecord } from "../step/step.js";

/** Errors of a step's loss with respect to the states of each area, one per state; `null` where zero. */
export type StateErrors = readonly (Tensor | null)[];

/** ∂ℓ(t)/∂z(t−1) and ∂ℓ(t)/∂z(t) of one head, by area. */
export interface StepErrors {
  readonly before: readonly StateErrors[];
  readonly after: readonly StateErrors[];
}

/** The same of all heads, by head and area. */
export interface HeadErrors {
  readonly before: readonly (readonly StateErrors[])[];
  readonly after: readonly (readonly StateErrors[])[];
}

/** What is held of the past beside states, and gathered of the gradient. */
export interface Held {
  /** Bytes held between steps. */
  readonly bytes: number;
  /** What has been gathered of a head for a parameter block, counted as in `leavesOf`; `null` where nothing can be. */
  gradient(block: number, head: number): Tensor | null;
  clearGradient(): void;
  /** Forgets the past, and the gradient. */
  clear(): void;
  /** All of it, on arrays that stay as they are. */
  save(): Saved;
  /** Takes what was saved of one for the same model and inputs. @throws CheckpointError for anything else */
  resume(saved: SavedPart): void;
}

/** What a rule that runs forward in time knows of the influence M(t) = dz(t)/dθ: all of it, or a sketch. */
export interface Influence extends Held {
  /** One step: G += e⁻·M(t−1), then M(t) from M(t−1), then G += e·M(t); each head's errors into a G of its own. */
  advance(record: StepRecord, errors: HeadErrors): void;
}

/** Has the influence start where the states do: M(0) = dz(0)/dθ, from the start as a step of its own without errors. */
export function beginInfluence<S>(
  influence: Influence,
  model: Model<S>,
  params: ModelParams,
  past: Past,
  input: Tensor,
): void {
  const record = past.input === null ? recordStart(model, params, input) : null;
  if (record === null) return;
  const none = record.areas.map(({ current }) => current.map(() => null));
  influence.advance(record, { before: [none], after: [none] });
}

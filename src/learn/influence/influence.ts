import type { Tensor } from "../../tensor/tensor.js";
import type { StepRecord } from "../step/step.js";

/** Errors of a step's loss with respect to the states of each area, one per state; `null` where zero. */
export type StateErrors = readonly (Tensor | null)[];

/** ∂ℓ(t)/∂z(t−1) and ∂ℓ(t)/∂z(t), by area. */
export interface StepErrors {
  readonly before: readonly StateErrors[];
  readonly after: readonly StateErrors[];
}

/** What a rule that runs forward in time knows of the influence M(t) = dz(t)/dθ: all of it, or a sketch. */
export interface Influence {
  /** Bytes held between steps. */
  readonly bytes: number;
  /** One step: G += e⁻·M(t−1), then M(t) from M(t−1), then G += e·M(t). */
  advance(record: StepRecord, errors: StepErrors): void;
  /** What has been gathered for a parameter block, counted as in `leavesOf`; `null` where nothing can be. */
  gradient(block: number): Tensor | null;
  clearGradient(): void;
  /** M = 0, and G = 0. */
  clear(): void;
}

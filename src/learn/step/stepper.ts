import { RuleError } from "../../core/errors.js";
import { Replayer } from "../../tensor/compile/replayer.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { ModelParams, Moment, StepLoss } from "../model/model.js";
import type { Past } from "./step.js";

/** What a time step gives beside the influence, which it advances in place. */
export interface StepOutcome {
  readonly moment: Moment;
  readonly loss: StepLoss;
  /** ∂ℓ/∂θ of parameters that the loss reads itself, by head and block; `null` where it does not. */
  readonly direct: readonly (readonly (Tensor | null)[])[];
}

/** One time step op by op. */
export type EagerStep<S> = (params: ModelParams, past: Past, sample: S) => StepOutcome;

/** Whether the values of a replayed step are those that it has op by op. */
export type Agrees<S> = (params: ModelParams, past: Past, sample: S, outcome: StepOutcome) => boolean;

/** Makes time steps, op by op or replayed. */
export interface Stepper<S> {
  step(params: ModelParams, past: Past, sample: S): StepOutcome;
  /**
   * Compares replays since the last time with op by op: before what they gathered is handed out, at growing distances; all of
   * them where that goes to another learner, `last`, which would have nothing to compare with. @throws RuleError
   */
  settle(last?: boolean): void;
  /** Bytes of the storage that replays write to. */
  readonly bytes: number;
  /** Why the last step was made op by op; `null` where it was replayed, or is recorded to be. */
  readonly reason: string | null;
  /** Forgets all recordings, for an influence that starts on new storage. */
  clear(): void;
  /** Makes all steps op by op from now on. */
  distrust(reason: string): void;
  /** Which steps are replayed; `null` where none are. */
  save(): Saved;
  resume(saved: SavedPart): void;
}

/** Time steps one op after the other. */
export const stepByOps = <S>(eager: EagerStep<S>, reason: string): Stepper<S> => ({
  step: eager,
  settle: () => {},
  bytes: 0,
  reason,
  clear: () => {},
  distrust: () => {},
  save: () => null,
  resume: () => {},
});

/** Time steps by replaying their kernel calls, where all steps of one shape make the same. */
export class ReplayedSteps<S>
  extends Replayer<ModelParams, { readonly sample: S; readonly past: Past }, StepOutcome>
  implements Stepper<S>
{
  /**
   * @param limit bytes that the results of one step may go on taking
   * @param agrees whether the values of a step are those that it has op by op
   */
  constructor(rule: string, eager: EagerStep<S>, limit: () => number, agrees: Agrees<S>) {
    super({
      eager: (params, { past, sample }) => eager(params, past, sample),
      limit,
      agrees: (params, { past, sample }, outcome) => agrees(params, past, sample, outcome),
      changed: (since) =>
        new RuleError(
          `${rule}: expected a model that computes the same in all steps of one shape, as pure: true says, got a change; numbers since step ${since} may be wrong, so start the rule anew with compile: false`,
        ),
      halfway: () =>
        new RuleError(
          `${rule}: expected derivatives that are finite where they were before, got one that is not; start the rule without compile`,
        ),
    });
  }

  step(params: ModelParams, past: Past, sample: S): StepOutcome {
    return this.call(params, { sample, past });
  }
}

import { RuleError } from "../core/errors.js";
import { Replayer } from "../tensor/program/replayer.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ModelParams, Moment } from "./model.js";
import type { Past } from "./step.js";

/** What a time step gives beside the influence, which it advances in place. */
export interface StepOutcome {
  readonly moment: Moment;
  readonly loss: Tensor;
  /** ∂ℓ/∂θ of parameters that the loss reads itself, by block; `null` where it does not. */
  readonly direct: readonly (Tensor | null)[];
}

/** One time step op by op. */
export type EagerStep<S> = (params: ModelParams, past: Past, sample: S) => StepOutcome;

/** Time steps by replaying their kernel calls, where all steps of one shape make the same. */
export class CompiledStep<S> {
  private readonly replayer: Replayer<ModelParams, { readonly sample: S; readonly past: Past }, StepOutcome>;

  /** @param limit bytes that the results of one step may go on taking */
  constructor(rule: string, eager: EagerStep<S>, limit: () => number) {
    this.replayer = new Replayer({
      eager: (params: ModelParams, { past, sample }: { sample: S; past: Past }) =>
        eager(params, past, sample),
      limit,
      changed: (steps) =>
        new RuleError(
          `${rule}: expected a model that computes the same in all steps of one shape, got a change within the last ${steps} steps; start the rule without compile`,
        ),
      halfway: () =>
        new RuleError(
          `${rule}: expected derivatives that are finite where they were before, got one that is not; start the rule without compile`,
        ),
    });
  }

  step(params: ModelParams, past: Past, sample: S): StepOutcome {
    return this.replayer.call(params, { sample, past });
  }

  /** Bytes of the arrays that replays write to. */
  get bytes(): number {
    return this.replayer.bytes;
  }

  /** Forgets all recordings, for an influence that starts on new arrays. */
  clear(): void {
    this.replayer.clear();
  }
}

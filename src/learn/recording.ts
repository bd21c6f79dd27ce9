import type { TypedArray } from "../core/dtype.js";
import { mapTree } from "../core/tree.js";
import { copy } from "../ops/views.js";
import { fromData } from "../tensor/apply.js";
import { type Program, recordProgram } from "../tensor/program.js";
import { denseOf, entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { type Form, formOf } from "./form.js";
import type { ModelParams, Moment } from "./model.js";
import type { Past } from "./step.js";

/** What a time step gives beside the influence, which it advances in place. */
export interface StepOutcome {
  readonly moment: Moment;
  readonly loss: Tensor;
  /** ∂ℓ/∂θ of parameters that the loss reads itself, by block; `null` where it does not. */
  readonly direct: readonly (Tensor | null)[];
}

/** One time step op by op: what is recorded, and what a replay must equal. */
export type EagerStep<S> = (params: ModelParams, past: Past, sample: S) => StepOutcome;

/** A recorded step: the kernel calls, the arrays that they read and write, and what the arguments looked like. */
export interface Recording {
  readonly program: Program;
  /** Take the values of sample and past. */
  readonly slots: readonly Tensor[];
  readonly outcome: StepOutcome;
  readonly fingerprint: string;
  readonly form: { readonly past: Form; readonly sample: Form };
  /** The parameters that the program points at now, and their arrays. */
  params: ModelParams;
  arrays: readonly TypedArray[];
  /** Steps replayed. */
  replays: number;
}

/** Runs a step and keeps its kernel calls; also the tensors that were given for its slots. */
export function recordStep<S>(
  eager: EagerStep<S>,
  params: ModelParams,
  past: Past,
  sample: S,
  arrays: readonly TypedArray[],
): { readonly recording: Recording; readonly given: readonly Tensor[] } {
  const slots: Tensor[] = [];
  const given: Tensor[] = [];
  const own = mapTree({ sample, past }, isTensor, (t: Tensor) => {
    given.push(t);
    slots.push(copy(t));
    return slots[slots.length - 1];
  }) as { sample: S; past: Past };
  const { result, program } = recordProgram(() => eager(params, own.past, own.sample));
  const named = new Map([
    ...arrays.map((data, i) => [data, `parameter ${i}`] as const),
    ...slots.map((t, i) => [denseOf(t).data, `input ${i}`] as const),
  ]);
  const places = slots.values();
  const form = { sample: formOf(sample, places), past: formOf(past, places) };
  const fingerprint = program.fingerprint(named);
  const recording = { program, slots, outcome: result, fingerprint, form, params, arrays, replays: 0 };
  return { recording, given };
}

/** Writes the tensors of sample and past, which fit, into the slots. Returns them in the slots' order. */
export function fillSlots({ form }: Recording, sample: unknown, past: unknown): readonly Tensor[] {
  const given: Tensor[] = [];
  form.sample.copy(sample, given);
  form.past.copy(past, given);
  return given;
}

/** Copies that later replays do not write to: one of each tensor, and none of those that were given. */
export function owned(
  { moment, loss, direct }: StepOutcome,
  slots: readonly Tensor[],
  given: readonly Tensor[],
): StepOutcome {
  const copies = new Map<Tensor, Tensor>(slots.map((slot, i) => [slot, given[i]]));
  const own = (t: Tensor): Tensor => {
    const known = copies.get(t);
    if (known !== undefined) return known;
    const copied = fromData(entries(t).slice(), t.shape, t.dtype);
    copies.set(t, copied);
    return copied;
  };
  const { input, states, outputs } = moment;
  return {
    moment: {
      input: own(input),
      states: states.map((state) => {
        const out: Record<string, Tensor> = {};
        for (const name of Object.keys(state)) out[name] = own(state[name]);
        return out;
      }),
      outputs: outputs.map(own),
    },
    loss: own(loss),
    direct: direct.map((t) => t && own(t)),
  };
}

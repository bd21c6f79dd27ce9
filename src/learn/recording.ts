import type { TypedArray } from "../core/dtype.js";
import { mapTree } from "../core/tree.js";
import { copy } from "../ops/views.js";
import { fromData } from "../tensor/apply.js";
import { type Program, recordProgram } from "../tensor/program.js";
import { denseOf, entries } from "../tensor/read.js";
import { isTensor, Tensor } from "../tensor/tensor.js";
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

/** How a tensor lies in its array. */
class Layout {
  constructor(
    readonly shape: readonly number[],
    readonly dtype: string,
    readonly strides: readonly number[],
    readonly offset: number,
  ) {}
}

/** A recorded step: the kernel calls, the arrays that they read and write, and what the arguments looked like. */
export interface Recording {
  readonly program: Program;
  /** Take the values of sample and past. */
  readonly slots: readonly Tensor[];
  readonly outcome: StepOutcome;
  readonly fingerprint: string;
  /** The other arguments, with layouts for tensors. */
  readonly like: { readonly past: unknown; readonly sample: unknown };
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
  const like = mapTree({ past, sample }, isTensor, (t: Tensor) => {
    const { strides, offset } = denseOf(t);
    return new Layout(t.shape, t.dtype, strides, offset);
  }) as Recording["like"];
  const fingerprint = program.fingerprint(named);
  const recording = { program, slots, outcome: result, fingerprint, like, params, arrays, replays: 0 };
  return { recording, given };
}

/** Whether a tree holds tensors laid out like this where `like` does, and nothing else. */
export function isLike(like: unknown, tree: unknown): boolean {
  if (like instanceof Layout) {
    if (!(tree instanceof Tensor) || tree.dtype !== like.dtype) return false;
    const { strides, offset } = denseOf(tree);
    return offset === like.offset && isSame(tree.shape, like.shape) && isSame(strides, like.strides);
  }
  if (typeof like !== "object" || like === null) return like === tree;
  if (typeof tree !== "object" || tree === null) return false;
  if (Array.isArray(like) || Array.isArray(tree))
    return (
      Array.isArray(like) &&
      Array.isArray(tree) &&
      like.length === tree.length &&
      like.every((l, i) => isLike(l, tree[i]))
    );
  const names = Object.keys(tree);
  return (
    names.length === Object.keys(like).length &&
    names.every(
      (name) =>
        Object.hasOwn(like, name) &&
        isLike((like as Record<string, unknown>)[name], (tree as Record<string, unknown>)[name]),
    )
  );
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * Writes the tensors of sample and past, which are like the recorded ones, into the slots. Returns them in the slots'
 * order.
 */
export function fillSlots({ slots, like }: Recording, sample: unknown, past: unknown): readonly Tensor[] {
  const given: Tensor[] = [];
  const visit = (at: unknown, node: unknown): void => {
    if (node instanceof Tensor) {
      denseOf(slots[given.length]).data.set(entries(node));
      given.push(node);
    } else if (typeof at === "object" && at !== null)
      for (const name of Object.keys(at))
        visit((at as Record<string, unknown>)[name], (node as Record<string, unknown>)[name]);
  };
  visit(like.sample, sample);
  visit(like.past, past);
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

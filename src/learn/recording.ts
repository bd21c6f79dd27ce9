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
  /** Steps replayed; -1 until a second recording did the same. */
  replays: number;
}

/** Runs a step and keeps its kernel calls. */
export function recordStep<S>(
  eager: EagerStep<S>,
  params: ModelParams,
  past: Past,
  sample: S,
  arrays: readonly TypedArray[],
): Recording {
  const slots: Tensor[] = [];
  const own = mapTree({ sample, past }, isTensor, (t: Tensor) => {
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
  return { program, slots, outcome: result, fingerprint, like, params, arrays, replays: -1 };
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

/** Writes the tensors of sample and past, which are like the recorded ones, into the slots. */
export function fillSlots({ slots, like }: Recording, sample: unknown, past: unknown): void {
  let next = 0;
  const visit = (at: unknown, node: unknown): void => {
    if (node instanceof Tensor) denseOf(slots[next++]).data.set(entries(node));
    else if (typeof at === "object" && at !== null)
      for (const name of Object.keys(at))
        visit((at as Record<string, unknown>)[name], (node as Record<string, unknown>)[name]);
  };
  visit(like.sample, sample);
  visit(like.past, past);
}

const clone = (t: Tensor): Tensor => fromData(entries(t).slice(), t.shape, t.dtype);

/** A copy that later replays do not write to. */
export function owned({ moment, loss, direct }: StepOutcome): StepOutcome {
  const { input, states, outputs } = moment;
  return {
    moment: {
      input: clone(input),
      states: states.map((state) =>
        Object.fromEntries(Object.entries(state).map(([name, t]) => [name, clone(t)])),
      ),
      outputs: outputs.map(clone),
    },
    loss: clone(loss),
    direct: direct.map((t) => t && clone(t)),
  };
}

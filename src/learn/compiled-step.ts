import type { TypedArray } from "../core/dtype.js";
import { RuleError } from "../core/errors.js";
import { type Leaf, leavesOf, mapTree } from "../core/tree.js";
import { copy } from "../ops/views.js";
import { type Program, recordProgram } from "../tensor/program.js";
import { denseOf, entries } from "../tensor/read.js";
import { isTensor, type Tensor } from "../tensor/tensor.js";
import { watch } from "../tensor/watch.js";
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

/** The kernel calls of a step, on arrays of their own. */
interface Recording {
  readonly program: Program;
  /** Take the values of sample and past. */
  readonly slots: readonly Tensor[];
  readonly outcome: StepOutcome;
  readonly fingerprint: string;
  /** The parameters' arrays, as the program points at them now. */
  arrays: readonly TypedArray[];
  /** Steps replayed; -1 until a second recording did the same. */
  replays: number;
}

/** The first audit comes after so many replays; each later one after so many times as many. */
const [firstAudit, auditGrowth] = [16, 8];

/**
 * Time steps by replaying their kernel calls. Steps of one layout are recorded twice; where both recordings do the same,
 * later steps replay it. A model that looks at numbers to decide what to do is never replayed, nor is a step whose results
 * are large beside the influence. A model that changes otherwise, by a variable of its own, is found out at the next audit:
 * a step op by op, recorded and compared.
 */
export class CompiledStep<S> {
  private readonly recordings = new Map<string, Recording | "eager">();

  constructor(
    private readonly rule: string,
    private readonly eager: EagerStep<S>,
    /** Bytes that the results of one step may go on taking. */
    private readonly limit: () => number,
  ) {}

  step(params: ModelParams, past: Past, sample: S): StepOutcome {
    // who watches for NaNs sees ops, not replays
    if (watch.by !== null) return this.eager(params, past, sample);
    const inputs = tensorsOf({ sample, past });
    const blocks = tensorsOf(params);
    const layout = inputs && blocks && layoutOf([...inputs, ...blocks]);
    const known = layout === null ? "eager" : this.recordings.get(layout);
    if (inputs === null || blocks === null || layout === null || known === "eager")
      return this.eager(params, past, sample);
    const arrays = blocks.map(({ value }) => denseOf(value).data);
    if (known !== undefined && known.replays >= 0 && !isAudit(known.replays + 1)) {
      rebind(known, arrays);
      return this.replay(known, inputs);
    }
    const found = record(this.eager, params, past, sample, arrays);
    const isSame = found.fingerprint === known?.fingerprint;
    if (known !== undefined && known.replays > 0 && !isSame)
      throw new RuleError(
        `${this.rule}: expected a model that computes the same in all steps of one shape, got a change within the last ${known.replays} steps; start the rule without compile`,
      );
    const varies = found.program.reads > 0 || (known !== undefined && !isSame);
    this.recordings.set(layout, varies ? "eager" : known ? this.adopt(found, known.replays + 1) : found);
    return owned(found.outcome);
  }

  /** Forgets all recordings, for an influence that starts on new arrays. */
  clear(): void {
    this.recordings.clear();
  }

  /** What two recordings agree on is what replays need of it, where its results are small enough. */
  private adopt(found: Recording, replays: number): Recording | "eager" {
    const { slots, arrays, outcome } = found;
    const program = found.program.simplified({
      given: [...arrays, ...slots.map((t) => denseOf(t).data)],
      kept: leavesOf<Tensor>({ ...outcome }, isTensor).map(({ value }) => denseOf(value).data),
    });
    return program.bytes > this.limit() ? "eager" : { ...found, program, replays };
  }

  private replay(known: Recording, inputs: readonly Leaf<Tensor>[]): StepOutcome {
    known.slots.forEach((slot, i) => {
      denseOf(slot).data.set(entries(inputs[i].value));
    });
    if (!known.program.replay())
      throw new RuleError(
        `${this.rule}: expected derivatives that are finite where they were before, got one that is not; start the rule without compile`,
      );
    known.replays++;
    return owned(known.outcome);
  }
}

function record<S>(
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
  return { program, slots, outcome: result, fingerprint: program.fingerprint(named), arrays, replays: -1 };
}

function isAudit(replay: number): boolean {
  let at = firstAudit;
  while (at < replay) at *= auditGrowth;
  return at === replay;
}

/** Points the program at the parameters of now. */
function rebind(known: Recording, arrays: readonly TypedArray[]): void {
  if (arrays.every((data, i) => data === known.arrays[i])) return;
  known.program.rebind(new Map(known.arrays.map((data, i) => [data, arrays[i]])));
  known.arrays = arrays;
}

/** The tensors of a tree; `null` where it holds anything else, which no recording could follow. */
function tensorsOf(tree: unknown): readonly Leaf<Tensor>[] | null {
  try {
    return leavesOf<Tensor>(tree, isTensor);
  } catch {
    return null;
  }
}

/** Where the tensors stand, what they look like, and which of them share an array. */
function layoutOf(leaves: readonly Leaf<Tensor>[]): string {
  const arrays = new Map<TypedArray, number>();
  return leaves
    .map(({ path, value }) => {
      const { data, strides, offset } = denseOf(value);
      if (!arrays.has(data)) arrays.set(data, arrays.size);
      return `${path}:${value.dtype}[${value.shape}]/${strides}+${offset}@${arrays.get(data)}`;
    })
    .join(";");
}

/** A copy that later replays do not write to. */
function owned({ moment, loss, direct }: StepOutcome): StepOutcome {
  return {
    moment: mapTree(moment, isTensor, copy) as unknown as Moment,
    loss: copy(loss),
    direct: direct.map((t) => t && copy(t)),
  };
}

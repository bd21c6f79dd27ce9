import type { TypedArray } from "../../core/dtype.js";
import { type Leaf, leavesOf, mapTree } from "../../core/tree.js";
import { fromData } from "../apply.js";
import { denseOf, entries } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";
import { watch } from "../watch.js";
import { type Copier, copierOf, type Form, formOf } from "./form.js";
import { type Program, recordProgram } from "./program.js";

/** A computation on two trees of tensors: one whose arrays a program points at, one that is copied for it. */
export type Computation<P, A, R> = (pointed: P, copied: A) => R;

export interface ReplayerOptions<P, A, R> {
  /** The computation op by op: what is recorded, and what a replay must equal. */
  readonly eager: Computation<P, A, R>;
  /** Bytes that results of one call may go on taking. */
  readonly limit: () => number;
  /** What to say where the computation was found to change within so many calls. */
  readonly changed: (calls: number) => Error;
  /** What to say where derivatives are not finite that were, and arrays are changed already. */
  readonly halfway: () => Error;
}

/** A recorded call: the kernel calls, the arrays that they read and write, and what the arguments looked like. */
interface Recording<R> {
  readonly program: Program;
  /** Take the values of what is copied. */
  readonly slots: readonly Tensor[];
  readonly form: Form;
  readonly outcome: R;
  readonly copier: Copier;
  readonly fingerprint: string;
  /** Results that are handed out as they are: the next replay writes to new arrays. */
  readonly large: { readonly tensor: Tensor; data: TypedArray }[];
  /** What the program points at now. */
  pointed: unknown;
  arrays: readonly TypedArray[];
  replays: number;
}

/** A call that was recorded once. */
interface Seen {
  readonly program: null;
  readonly fingerprint: string;
}

/** The first audit comes after so many replays; each later one after so many times as many. */
const [firstAudit, auditGrowth] = [16, 8];
/** Results of so many bytes are not copied. */
const largeResult = 2 ** 16;
/** Layouts that are told apart; more are computed op by op. */
const mostLayouts = 64;

/**
 * Makes calls by replaying their kernel calls. Calls of one layout are recorded twice; where both recordings do the same,
 * later ones replay it. A computation that looks at numbers to decide what to do is never replayed, nor is one whose results
 * are large. One that changes otherwise, by a variable of its own, is found out at the next audit: a call op by op, recorded
 * and compared.
 */
export class Replayer<P, A, R> {
  private readonly recordings = new Map<string, Recording<R> | Seen | "eager">();
  /** What was replayed last, and most likely comes next. */
  private last: Recording<R> | null = null;

  constructor(private readonly options: ReplayerOptions<P, A, R>) {}

  call(pointed: P, copied: A): R {
    const { eager } = this.options;
    // who watches for NaNs sees ops, not replays
    if (watch.by !== null) return eager(pointed, copied);
    const { last } = this;
    if (last !== null && last.pointed === pointed && !isAudit(last.replays + 1) && last.form.fits(copied))
      return this.replay(last, copied) ?? eager(pointed, copied);
    const layout = layoutOf(pointed, copied);
    const known = layout === null ? "eager" : this.recordings.get(layout);
    if (layout === null || known === "eager") return eager(pointed, copied);
    if (known?.program && !isAudit(known.replays + 1)) {
      bind(known, pointed);
      this.last = known;
      return this.replay(known, copied) ?? eager(pointed, copied);
    }
    if (known === undefined && this.recordings.size >= mostLayouts) return eager(pointed, copied);
    return this.record(layout, known, pointed, copied);
  }

  /** Bytes of the arrays that replays write to. */
  get bytes(): number {
    let total = 0;
    for (const known of this.recordings.values())
      if (known !== "eager" && known.program)
        total += known.slots.reduce((n, t) => n + denseOf(t).data.byteLength, known.program.bytes);
    return total;
  }

  /** Forgets all recordings, for a computation that changes other arrays from now on. */
  clear(): void {
    this.recordings.clear();
    this.last = null;
  }

  /** A call op by op, compared with an earlier recording of it where there is one. */
  private record(layout: string, known: Recording<R> | Seen | undefined, pointed: P, copied: A): R {
    const { recording: found, given } = this.recorded(pointed, copied);
    const { fingerprint } = found;
    const isSame = fingerprint === known?.fingerprint;
    if (known?.program && !isSame) throw this.options.changed(known.replays);
    const varies = found.program.reads > 0 || (known !== undefined && !isSame) || isSpecial(found);
    const replays = known?.program ? known.replays + 1 : 0;
    // what was seen once may never come again: its arrays are not kept
    this.recordings.set(
      layout,
      varies ? "eager" : known ? this.adopt(found, replays) : { program: null, fingerprint },
    );
    if (this.last === known) this.last = null;
    return varies ? found.outcome : (found.copier.copy(given) as R);
  }

  private recorded(pointed: P, copied: A): { recording: Recording<R>; given: Map<Tensor, Tensor> } {
    const slots: Tensor[] = [];
    const given = new Map<Tensor, Tensor>();
    const own = mapTree(copied, isTensor, (t: Tensor) => {
      const slot = fromData(entries(t).slice(), t.shape, t.dtype);
      slots.push(slot);
      given.set(slot, t);
      return slot;
    }) as A;
    const { result: outcome, program } = recordProgram(() => this.options.eager(pointed, own));
    const arrays = arraysOf(pointed);
    const named = new Map([
      ...arrays.map((data, i) => [data, `parameter ${i}`] as const),
      ...slots.map((t, i) => [denseOf(t).data, `input ${i}`] as const),
    ]);
    const fingerprint = program.fingerprint(named);
    const [form, copier] = [formOf(copied, slots.values()), copierOf(outcome)];
    const large: Recording<R>["large"] = [];
    const recording = {
      program,
      slots,
      form,
      outcome,
      copier,
      fingerprint,
      large,
      pointed,
      arrays,
      replays: 0,
    };
    return { recording, given };
  }

  /** What two recordings agree on is what replays need of it, where its results are small enough. */
  private adopt(found: Recording<R>, replays: number): Recording<R> | "eager" {
    const { slots, arrays, outcome } = found;
    const program = found.program.simplified({
      given: [...arrays, ...slots.map((t) => denseOf(t).data)],
      kept: leavesOf<Tensor>(outcome, isTensor).map(({ value }) => denseOf(value).data),
    });
    if (program.bytes > this.options.limit()) return "eager";
    return { ...found, program, large: largeResults(outcome, slots), replays };
  }

  /** `null` where the call takes another course than it took, before it changed anything. */
  private replay(known: Recording<R>, copied: A): R | null {
    const tensors: Tensor[] = [];
    known.form.copy(copied, tensors);
    const given = new Map<Tensor, Tensor>();
    for (const result of known.large) {
      const { tensor } = result;
      result.data = known.program.renew(result.data) ?? result.data;
      given.set(tensor, fromData(result.data, tensor.shape, tensor.dtype));
    }
    const end = known.program.replay();
    if (end === "otherwise") return null;
    if (end === "halfway") throw this.options.halfway();
    known.replays++;
    for (let i = 0; i < tensors.length; i++) given.set(known.slots[i], tensors[i]);
    return known.copier.copy(given) as R;
  }
}

/** Results with an array of their own, which nothing else of the outcome shares. */
function largeResults(outcome: unknown, slots: readonly Tensor[]): Recording<unknown>["large"] {
  const tensors = [...new Set(leavesOf<Tensor>(outcome, isTensor).map(({ value }) => value))];
  const inputs = new Set(slots.map((t) => denseOf(t).data.buffer));
  const users = new Map<ArrayBufferLike, number>();
  for (const t of tensors) users.set(denseOf(t).data.buffer, (users.get(denseOf(t).data.buffer) ?? 0) + 1);
  return tensors.flatMap((tensor) => {
    const { data } = denseOf(tensor);
    const isWhole = data.byteLength >= largeResult && entries(tensor) === data;
    return isWhole && users.get(data.buffer) === 1 && !inputs.has(data.buffer) ? [{ tensor, data }] : [];
  });
}

function isAudit(replay: number): boolean {
  let at = firstAudit;
  while (at < replay) at *= auditGrowth;
  return at === replay;
}

const arraysOf = (tree: unknown): TypedArray[] =>
  leavesOf<Tensor>(tree, isTensor).map(({ value }) => denseOf(value).data);

/**
 * Whether the outcome is anything but tensors of its own: a number of this call, or what the program points at, where a later
 * call would show an earlier one's.
 */
function isSpecial({ outcome, arrays }: Recording<unknown>): boolean {
  const buffers = new Set(arrays.map(({ buffer }) => buffer));
  try {
    return arraysOf(outcome).some(({ buffer }) => buffers.has(buffer));
  } catch {
    return true;
  }
}

/** Points the program at the arrays of now. */
function bind(known: Recording<unknown>, pointed: unknown): void {
  if (pointed === known.pointed) return;
  const arrays = arraysOf(pointed);
  known.program.rebind(new Map(known.arrays.map((data, i) => [data, arrays[i]])));
  known.arrays = arrays;
  known.pointed = pointed;
}

/**
 * Where the tensors stand and what they look like, with everything else; `null` where there is what no recording could
 * follow, or where what is pointed at shares an array, which later calls need not do.
 */
function layoutOf(pointed: unknown, copied: unknown): string | null {
  let leaves: readonly Leaf<Tensor>[];
  try {
    leaves = leavesOf<Tensor>({ pointed, copied }, isTensor);
  } catch {
    return null;
  }
  const arrays = arraysOf(pointed);
  if (new Set(arrays).size < arrays.length) return null;
  return leaves
    .map(({ path, value }) => {
      const { strides, offset } = denseOf(value);
      return `${path}:${value.dtype}[${value.shape}]/${strides}+${offset}`;
    })
    .join(";");
}

import { backend } from "../../device/backend.js";
import { hostZeros } from "../../device/host-storage.js";
import type { Port } from "../../device/program/port.js";
import type { Program, Simplified } from "../../device/program/program.js";
import type { Storage } from "../../device/storage.js";
import { fromData, onStorage, viewOf } from "../apply.js";
import { denseOf, entries, wholeOf } from "../read.js";
import { isTensor, type Tensor } from "../tensor.js";
import { type Copier, copierOf, type Form, formOf } from "./form.js";
import { outlineOf } from "./outline.js";
import { CopiedPlace, type Place, PointedPlace } from "./place.js";
import { liesIn, type RecordOptions, recordProgram } from "./record.js";

/** Arguments of so many bytes are pointed at, smaller ones copied; results of so many are handed out, not copied. */
export const large = 2 ** 16;

/** A computation on two trees of tensors: of one, all storage is pointed at, of the other, where it is large. */
export type Computation<P, A, R> = (pointed: P, copied: A) => R;

/** A call made op by op, on arguments on storage of their own: nothing that it captured is taken for one of them. */
export interface Sample<P, A, R> {
  readonly pointed: P;
  readonly copied: A;
  /** The arguments' own tensors, and those that were given in their place. */
  readonly own: { readonly pointed: readonly Tensor[]; readonly copied: readonly Tensor[] };
  readonly given: readonly Tensor[];
  readonly outcome: R;
  readonly program: Program;
  /** Why no replay could do the same; `null` where it could. */
  readonly obstacle: string | null;
  /** Whether a transformation outside of it follows the call. */
  readonly isFollowed: boolean;
  /** What it did and what came out, in words. */
  fingerprint(): string;
}

/** The tensors of a tree, with each replaced by a copy on storage of its own. */
function copied<T>(tree: T): { readonly tree: T; readonly own: Tensor[]; readonly given: Tensor[] } {
  const [own, given]: Tensor[][] = [[], []];
  const visit = (node: unknown): unknown => {
    if (isTensor(node)) {
      const copy = fromData(entries(node).slice(), node.shape, node.dtype);
      own.push(copy);
      given.push(node);
      return copy;
    }
    if (typeof node !== "object" || node === null) return node;
    if (Array.isArray(node)) return Array.from(node, visit);
    return Object.fromEntries(Object.entries(node).map(([name, branch]) => [name, visit(branch)]));
  };
  return { tree: visit(tree) as T, own, given };
}

const dataOf = (t: Tensor): Storage => denseOf(t).data;

/** Makes a call op by op and keeps what it does. The trees hold tensors with numbers, constants, plain objects and arrays. */
export function sampleOf<P, A, R>(
  eager: Computation<P, A, R>,
  pointed: P,
  given: A,
  options?: RecordOptions,
): Sample<P, A, R> {
  const [p, c] = [copied(pointed), copied(given)];
  const { result, program, reads, isFollowed } = recordProgram(() => eager(p.tree, c.tree), options);
  const named = new Map([
    ...p.own.map((t, i) => [dataOf(t), `parameter ${i}`] as const),
    ...c.own.map((t, i) => [dataOf(t), `input ${i}`] as const),
  ]);
  const outward = outlineIfTree(result);
  return {
    pointed: p.tree,
    copied: c.tree,
    own: { pointed: p.own, copied: c.own },
    given: [...p.given, ...c.given],
    outcome: result,
    program,
    isFollowed: isFollowed || outward.isFollowed,
    obstacle: obstacleOf(outward, reads, program, p.own, c.own),
    fingerprint: () =>
      program.fingerprint(named, (nameOf) =>
        outlineOf("", result, (t) => {
          const { data, strides, offset } = denseOf(t);
          return `${t.dtype}[${t.shape}]/${strides}+${offset} of ${nameOf(data)}`;
        }),
      ),
  };
}

/** The call with its arguments and results on the storage that its program has now. */
export function movedTo<P, A, R>(
  sample: Sample<P, A, R>,
  { program, moved: places }: Simplified,
): Sample<P, A, R> {
  const { own, outcome } = sample;
  const moved = new Map<Tensor, Tensor>();
  const move = (t: Tensor): Tensor => {
    const { data, strides, offset } = denseOf(t);
    const there = places.get(data);
    const found = moved.get(t) ?? (there ? viewOf(there, t.shape, t.dtype, strides, offset) : t);
    moved.set(t, found);
    return found;
  };
  return {
    ...sample,
    program,
    own: { pointed: own.pointed.map(move), copied: own.copied.map(move) },
    outcome: copierOf(outcome).copy(new Map([...tensorsOf(outcome)].map((t) => [t, move(t)]))) as R,
  };
}

interface Outward {
  readonly tensors: readonly Tensor[];
  /** Whether it consists of tensors with numbers, and what stays the same. */
  readonly isTree: boolean;
  readonly isFollowed: boolean;
}

function outlineIfTree(result: unknown): Outward {
  const tensors: Tensor[] = [];
  let isFollowed = false;
  let isTree = true;
  try {
    const words = outlineOf("", result, (t) => {
      if (t.value.kind === "dense") tensors.push(t);
      else if (t.value.kind === "followed") isFollowed = true;
      else isTree = false;
      return "t";
    });
    // a number or a text that came out belongs to this call alone
    isTree &&= /^(?:[[\]{},:t]|"(?:[^"\\]|\\.)*":|null|undefined)*$/.test(words);
  } catch {
    isTree = false;
  }
  return { tensors, isTree, isFollowed };
}

function obstacleOf(
  { tensors, isTree }: Outward,
  reads: ReadonlySet<Storage>,
  program: Program,
  pointed: readonly Tensor[],
  given: readonly Tensor[],
): string | null {
  if (!isTree) return "its results are not tensors alone";
  const changing = [...pointed.map(dataOf), ...given.map(dataOf), ...program.written, ...program.changed];
  if (liesIn(reads, changing)) return "it looks at numbers to decide what to compute";
  // of what is pointed at, a later call would show an earlier one's; arguments themselves are handed back as they came
  const pointedAt = [...pointed, ...given.filter((t) => dataOf(t).bytes >= large)].map(dataOf);
  const own = new Set([...pointed, ...given]);
  const made = tensors.filter((t) => !own.has(t)).map(dataOf);
  return liesIn(made, pointedAt) ? "its results are views of arguments" : null;
}

export type Replayed<R> =
  | { readonly end: "done"; readonly outcome: R }
  | { readonly end: "otherwise" }
  | { readonly end: "halfway" };

/** A call that is replayed. */
export class RecordedCall<P, A, R> {
  /** Replays so far, and up to the last audit. */
  replays = 0;
  audited = 0;
  /** Audits before what it gathered was handed out. */
  settled = 0;
  /** Number of the call that was audited last, or recorded. */
  since: number;
  readonly fingerprint: string;
  private readonly program: Program;
  /** What the program points at now. */
  private pointed: P | null = null;
  private readonly pointedForm: Form;
  private readonly copiedForm: Form;
  /** Arguments that are handed back, by their own tensors and their places among what is given. */
  private readonly passed: readonly {
    readonly own: Tensor;
    readonly of: "pointed" | "copied";
    readonly i: number;
  }[];
  private readonly smallBytes: number;
  private readonly copier: Copier;
  private readonly results: readonly LargeResult[];
  /** What was given last. */
  private readonly given: { pointed: Tensor[]; copied: Tensor[] } = { pointed: [], copied: [] };

  constructor(
    { pointed, copied: args, own, outcome, program }: Sample<P, A, R>,
    fingerprint: string,
    call: number,
  ) {
    this.program = program;
    this.fingerprint = fingerprint;
    this.since = call;
    program.prepare();
    const pointTo = (t: Tensor): Place => new PointedPlace(program.port(dataOf(t)));
    const isLarge = (t: Tensor): boolean => dataOf(t).bytes >= large;
    this.pointedForm = formOf(pointed, own.pointed.map(pointTo).values());
    this.copiedForm = formOf(
      args,
      own.copied.map((t) => (isLarge(t) ? pointTo(t) : new CopiedPlace(dataOf(t)))).values(),
    );
    const handed = tensorsOf(outcome);
    this.passed = (["pointed", "copied"] as const).flatMap((of) =>
      own[of].flatMap((t, i) => (handed.has(t) ? [{ own: t, of, i }] : [])),
    );
    this.smallBytes = own.copied.reduce((n, t) => n + (isLarge(t) ? 0 : dataOf(t).bytes), 0);
    this.copier = copierOf(outcome);
    this.results = largeResults(outcome, program);
  }

  get isReady(): boolean {
    return this.program.isReady;
  }

  /** Bytes of the storage that replays write to. */
  get bytes(): number {
    return this.program.bytes + this.smallBytes;
  }

  /** Has the program read these arguments; false where they look otherwise than the recorded ones. */
  take(pointed: P, args: A): boolean {
    if (pointed !== this.pointed) {
      const found: Tensor[] = [];
      this.pointed = null;
      if (!this.pointedForm.take(pointed, found)) return false;
      this.given.pointed = found;
      this.pointed = pointed;
    }
    const found: Tensor[] = [];
    if (!this.copiedForm.take(args, found)) return false;
    this.given.copied = found;
    return true;
  }

  /** The outcome for the arguments that were taken. */
  replay(): Replayed<R> {
    const known = new Map<Tensor, Tensor>();
    for (const result of this.results) known.set(result.tensor, result.renew());
    const end = this.program.replay();
    if (end !== "done") return { end };
    this.replays++;
    for (const { own, of, i } of this.passed) known.set(own, this.given[of][i]);
    return { end, outcome: this.copier.copy(known) as R };
  }

  /** Makes the last call again op by op, changing nothing, and tells whether it still does the same. */
  audit(eager: Computation<P, A, R>, call: number): boolean {
    const isSame = this.compare((pointed, args) => {
      const again = sampleOf(eager, pointed, args, { dry: true });
      return again.obstacle === null && again.fingerprint() === this.fingerprint;
    });
    if (isSame) {
      this.audited = this.replays;
      this.since = call;
    }
    return isSame;
  }

  /** Holds something against the arguments of the last call. */
  compare(agrees: (pointed: P, args: A) => boolean): boolean {
    const { pointed, copied: args } = this.given;
    return agrees(this.pointedForm.build(pointed.values()) as P, this.copiedForm.build(args.values()) as A);
  }
}

/** A result with a storage of its own, which each replay hands out and writes anew. */
class LargeResult {
  constructor(
    readonly tensor: Tensor,
    private readonly writer: string,
    private readonly port: Port,
  ) {}

  /** New storage for the next replay to write to, as a tensor. */
  renew(): Tensor {
    const { shape, size, dtype } = this.tensor;
    const data = backend().allocate?.(this.writer, dtype, size) ?? hostZeros(dtype, size);
    this.port.bind(data);
    return onStorage(data, shape, dtype);
  }
}

function tensorsOf(outcome: unknown): Set<Tensor> {
  const tensors = new Set<Tensor>();
  outlineOf("", outcome, (t) => {
    tensors.add(t);
    return "";
  });
  return tensors;
}

/** Results that are all of a storage, which nothing else of the outcome shares. */
function largeResults(outcome: unknown, program: Program): LargeResult[] {
  const tensors = tensorsOf(outcome);
  const users = new Map<Storage, number>();
  for (const t of tensors) users.set(dataOf(t), (users.get(dataOf(t)) ?? 0) + 1);
  return [...tensors].flatMap((tensor) => {
    const data = dataOf(tensor);
    if (data.bytes < large || users.get(data) !== 1 || wholeOf(tensor) !== data) return [];
    const writer = program.writerOf(data);
    return writer === null ? [] : [new LargeResult(tensor, writer, program.port(data))];
  });
}

import type { KernelCall } from "../backend.js";
import type { Storage } from "../storage.js";
import { batchProducts } from "./batch-products.js";
import { type Call, changedBy, identityOf, inWords, lastReads, type Pointer, pointersOf } from "./call.js";
import { FreeStorage } from "./free-storage.js";
import { sumProducts } from "./sum-products.js";

/** Storage that the world around a program writes and reads. */
export interface Surroundings {
  /** What is written between replays. */
  readonly given: readonly Storage[];
  /** What may be read after one. */
  readonly kept: readonly Storage[];
}

/**
 * The calls that a replay needs: what follows from constants alone is computed already, what is computed
 * twice is computed once, what nobody reads is left out, changes in place come last, and results whose time is over lend
 * their storage to later ones.
 * @param around.regroups whether sums may be taken in another order
 */
export function simplify(
  calls: readonly Call[],
  { given, kept, regroups }: Surroundings & { readonly regroups: boolean },
): Call[] {
  const mutable = memoryOf(calls.flatMap(changedBy));
  const known = merged(calls, mutable, memoryOf(given), memoryOf(kept));
  const read = reached(known, memoryOf(kept));
  const needed = changesLast(
    regroups ? regrouped(read, memoryOf(given), memoryOf(kept), mutable) : read,
    mutable,
  );
  shareStorage(needed, memoryOf(kept));
  ownConstants(needed, new Set([...memoryOf(given), ...mutable]));
  return needed;
}

/** Longer constants are not copied: the audits of their recording look at them. */
const largeConstant = 2 ** 20;

/** What a program takes for constant is its own: nobody can change it. */
function ownConstants(calls: readonly Call[], changing: ReadonlySet<object>): void {
  const results = new Set<object>();
  for (const call of calls) if (call.kind === "kernel") results.add(call.out.data.memory);
  const copies = new Map<Storage, Storage>();
  for (const pointer of calls.flatMap(pointersOf)) {
    const { data } = pointer;
    if (changing.has(data.memory) || results.has(data.memory) || data.bytes > largeConstant) continue;
    const copy = copies.get(data) ?? data.copy();
    copies.set(data, copy);
    pointer.data = copy;
  }
}

/** Many small products as few large ones: the same but for rounding. */
const regrouped = (
  calls: readonly Call[],
  given: ReadonlySet<object>,
  kept: ReadonlySet<object>,
  mutable: ReadonlySet<object>,
): Call[] => sumProducts(batchProducts(calls, given, kept, mutable), kept, mutable);

const memoryOf = (all: readonly Storage[]): Set<object> => new Set(all.map(({ memory }) => memory));

/** Without calls on constants, and without calls that repeat an earlier one. */
function merged(
  calls: readonly Call[],
  mutable: ReadonlySet<object>,
  given: ReadonlySet<object>,
  kept: ReadonlySet<object>,
): Call[] {
  const changing = new Set([...given, ...mutable]);
  const earlier = new Map<string, Storage>();
  const replaced = new Map<Storage, Storage>();
  const isConstant = ({ data }: Pointer): boolean => !changing.has(data.memory);
  const equal = firstOfEqual();
  return calls.filter((call) => {
    for (const pointer of pointersOf(call)) {
      pointer.data = replaced.get(pointer.data) ?? pointer.data;
      if (isConstant(pointer)) pointer.data = equal(pointer.data);
    }
    if (call.kind !== "kernel") return true;
    const { inputs, out } = call;
    if (inputs.every(isConstant)) return false;
    changing.add(out.data.memory);
    if (inputs.some(({ data }) => mutable.has(data.memory))) return true;
    const words = sayOf(call);
    const same = earlier.get(words);
    if (same === undefined || kept.has(out.data.memory)) {
      earlier.set(words, out.data);
      return true;
    }
    replaced.set(out.data, same);
    return false;
  });
}

/** Longer constants are not compared. */
const shortConstant = 64;

/** The first of constants that hold the same bytes. */
function firstOfEqual(): (data: Storage) => Storage {
  const seen = new Map<string, Storage>();
  return (data) => {
    if (data.bytes > shortConstant) return data;
    const array = data.host();
    const words = `${data.dtype} ${new Uint8Array(array.buffer, array.byteOffset, array.byteLength)}`;
    const first = seen.get(words) ?? data;
    seen.set(words, first);
    return first;
  };
}

const sayOf = ({ name, inputs, attrs, out: { shape, dtype } }: KernelCall): string =>
  inWords([name, inputs, attrs, shape, dtype], (data) => `numbers ${identityOf(data)}`);

/** Without kernels whose results nobody reads. */
function reached(calls: readonly Call[], kept: ReadonlySet<object>): Call[] {
  const read = new Set(kept);
  const needed: Call[] = [];
  for (const call of [...calls].reverse()) {
    if (call.kind === "kernel" && !read.has(call.out.data.memory)) continue;
    for (const { data } of pointersOf(call)) read.add(data.memory);
    needed.push(call);
  }
  return needed.reverse();
}

/** With all that depends on nothing changed before the first change: a replay may then stop there as if it had not begun. */
function changesLast(calls: readonly Call[], mutable: ReadonlySet<object>): Call[] {
  const changed = new Set(mutable);
  const late = new Set<Call>();
  for (const call of calls) {
    if (call.kind !== "trace" && !pointersOf(call).some(({ data }) => changed.has(data.memory))) continue;
    late.add(call);
    if (call.kind === "kernel") changed.add(call.out.data.memory);
  }
  return [...calls.filter((c) => !late.has(c)), ...calls.filter((c) => late.has(c))];
}

/** Results whose last reader is past lend their storage to later results of their size. */
function shareStorage(calls: readonly Call[], kept: ReadonlySet<object>): void {
  const lastRead = lastReads(calls);
  const own = new Set(
    calls.flatMap((c) => (c.kind === "kernel" && !kept.has(c.out.data.memory) ? [c.out.data] : [])),
  );
  const free = new FreeStorage();
  const lent = new Map<Storage, Storage>();
  calls.forEach((call, i) => {
    const pointers = pointersOf(call);
    const ending = new Set(
      pointers.map(({ data }) => data).filter((d) => own.has(d) && lastRead.get(d) === i),
    );
    for (const pointer of pointers) pointer.data = lent.get(pointer.data) ?? pointer.data;
    if (call.kind === "kernel" && own.has(call.out.data)) {
      const { data } = call.out;
      const other = free.take(data);
      if (other) {
        lent.set(data, other);
        (call.out as { data: Storage }).data = other;
      }
    }
    // only now: a kernel must not write where it reads
    for (const data of ending) free.give(lent.get(data) ?? data);
  });
}

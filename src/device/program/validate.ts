/**
 * A program is changed before it is replayed. That the changed one computes the same is tried out once for each recording, on
 * numbers near those that were recorded (translation validation: Pnueli, Siegel & Singerman 1998).
 */
import { type DType, dtypeOf, type TypedArray } from "../../core/dtype.js";
import type { Backend, BackendCall } from "../backend.js";
import { hostZeros } from "../host-storage.js";
import type { Storage } from "../storage.js";
import { type Call, changedBy, lastReads, type Pointer, pointersOf } from "./call.js";
import { FreeStorage } from "./free-storage.js";

/** A fault of structure shows in the leading digits, which rounding does not reach where sums are taken in another order. */
const tolerance: Readonly<Partial<Record<DType, number>>> = { float64: 2 ** -20, float32: 2 ** -8 };

/** What a pointer pointed at. */
type Target = Readonly<Pointer>;

/** Storage in the place of other. */
export type Moved = ReadonlyMap<Storage, Storage>;

/** Calls that were tried out: what they computed. */
export class Trial {
  /** Numbers near the given ones, on storage of their own. */
  readonly near: Moved;
  private readonly values = new Map<Storage, TypedArray>();
  private readonly targets = new Map<Pointer, Target>();
  private readonly isSame: (a: TypedArray, b: TypedArray) => boolean;

  /** Makes the calls, but for changes in place, on numbers near the given ones, and on storage that nobody else has. */
  constructor(
    calls: readonly Call[],
    given: readonly Storage[],
    private readonly kept: readonly Storage[],
    private readonly at: Backend,
  ) {
    this.isSame = at.regroups ? isClose : isEqual;
    const copies = (): Map<Storage, Storage> => new Map(given.map((data) => [data, data.copy()]));
    let near = copies();
    for (const data of near.values()) nudge(data);
    try {
      this.make(calls, near);
    } catch {
      // positions that are computed may lie nowhere on other numbers
      near = copies();
      this.make(calls, near);
    }
    this.near = near;
  }

  /** Whether these calls, made of the tried ones, compute the same on other storage: kept ones, and what changes in place reads. */
  passes(calls: readonly Call[], moved: Moved): boolean {
    // a kernel that refuses what it is to read computes nothing
    try {
      const kernels: BackendCall[] = [];
      for (const call of calls) {
        if (call.kind === "kernel") kernels.push(call);
        if (call.kind !== "trace") continue;
        runAll(kernels.splice(0), this.at);
        if (!pointersOf(call).every((pointer) => this.holds(pointer))) return false;
      }
      runAll(kernels, this.at);
      return this.kept.every((data) =>
        this.isSame(this.values.get(data) as TypedArray, (moved.get(data) ?? data).host()),
      );
    } catch {
      return false;
    }
  }

  /** Makes the kernel calls; results whose readers are past lend their storage to later ones. */
  private make(calls: readonly Call[], near: Moved): void {
    this.values.clear();
    const mutable = new Set(calls.flatMap(changedBy).map(({ memory }) => memory));
    const lasting = new Set([...near.keys(), ...this.kept]);
    const last = lastReads(calls);
    const [at, free] = [new Map(near), new FreeStorage()];
    calls.forEach((call, i) => {
      const pointers = pointersOf(call);
      if (call.kind === "kernel") {
        const { data } = call.out;
        const own = free.take(data) ?? hostZeros(data.dtype, data.length);
        const inputs = call.inputs.map((p) => ({ ...p, data: at.get(p.data) ?? p.data }));
        make({ ...call, inputs, out: { ...call.out, data: own } }, this.at);
        at.set(data, own);
      } else if (call.kind === "trace")
        for (const pointer of pointers) {
          if (mutable.has(pointer.data.memory)) continue;
          this.targets.set(pointer, { ...pointer });
          this.note(pointer.data, at);
        }
      for (const data of new Set(pointers.map((p) => p.data))) {
        const own = at.get(data);
        if (own && last.get(data) === i && !lasting.has(data)) free.give(own);
      }
    });
    for (const data of this.kept) this.note(data, at);
  }

  private note(data: Storage, at: Moved): void {
    if (!this.values.has(data)) this.values.set(data, (at.get(data) ?? data).host().slice());
  }

  /** Whether a pointer finds the numbers that it found, wherever they lie now. */
  private holds(pointer: Pointer): boolean {
    const target = this.targets.get(pointer);
    if (target === undefined) return true;
    const known = this.values.get(target.data) as TypedArray;
    const from = pointer.offset - target.offset;
    return this.isSame(known, pointer.data.host().subarray(from, from + known.length));
  }
}

export function make(call: BackendCall, at: Backend): void {
  if (call.kind === "trace") {
    at.traceStep(call.step);
    return;
  }
  call.out.data.clear();
  at.run(call.name, call.inputs, call.attrs, call.out);
}

function runAll(calls: readonly BackendCall[], at: Backend): void {
  if (calls.length === 0) return;
  const replay = at.record?.(calls) ?? null;
  if (replay !== null) replay.run();
  else for (const call of calls) make(call, at);
}

/** Moves numbers a little, each otherwise: in zeros and in equal numbers faults would not show. Integers stay. */
function nudge(data: Storage): void {
  if (tolerance[data.dtype] === undefined) return;
  const numbers = data.host().slice();
  let state = 1;
  for (let i = 0; i < numbers.length; i++) {
    // Park & Miller 1988
    state = (state * 48271) % 2147483647;
    const u = state / 2147483647 - 0.5;
    numbers[i] += u * (Math.abs(numbers[i]) / 2 + 1 / 16);
  }
  data.write(numbers);
}

function isEqual(a: TypedArray, b: TypedArray): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i] || (Number.isNaN(v) && Number.isNaN(b[i])));
}

function isClose(a: TypedArray, b: TypedArray): boolean {
  const within = tolerance[dtypeOf(a)];
  if (within === undefined || a.length !== b.length) return isEqual(a, b);
  let largest = 0;
  for (const v of a) if (Math.abs(v) > largest) largest = Math.abs(v);
  return a.every(
    (v, i) => Math.abs(v - b[i]) <= within * largest || v === b[i] || (Number.isNaN(v) && Number.isNaN(b[i])),
  );
}

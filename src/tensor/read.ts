import { allocate, dtypeOf, type TypedArray } from "../core/dtype.js";
import { PlanError, ShapeError } from "../core/errors.js";
import { formatShape, isRowMajor } from "../core/shape.js";
import type { Operand } from "../device/backend.js";
import { HostStorage } from "../device/host-storage.js";
import { noteLevel, recording, untold } from "../device/recording.js";
import type { Storage } from "../device/storage.js";
import { primalOf } from "./apply.js";
import { type Dense, requireTensor, type Tensor } from "./tensor.js";

/** Nested arrays of numbers; a number for a scalar. */
export type NestedNumbers = number | NestedNumbers[];

/** The entries in row-major order: the tensor's own array where it is contiguous, else a copy. Do not write to it. */
export function entries(t: Tensor): TypedArray {
  const dense = denseOf(requireTensor("entries", t));
  return entriesOf(dense.data.host(), dense, t.size);
}

/** The entries in row-major order, in an array of their own. */
export function ownEntries(t: Tensor): TypedArray {
  const dense = denseOf(requireTensor("entries", t));
  const numbers = dense.data.host();
  return apart(entriesOf(numbers, dense, t.size), numbers);
}

const apart = (own: TypedArray, numbers: TypedArray): TypedArray =>
  own.buffer === numbers.buffer ? own.slice() : own;

/**
 * The promise of a copy of the entries in row-major order.
 * @throws ShapeError, as a rejection, for a tensor without data, as in a plan
 */
export async function data(t: Tensor): Promise<TypedArray> {
  const dense = denseOf(requireTensor("data", t));
  const numbers = await dense.data.read();
  return apart(entriesOf(numbers, dense, t.size), numbers);
}

/** A storage of the entries in row-major order alone: the tensor's own where it is such, else another. */
export function wholeOf(t: Tensor): Storage {
  const { data, strides } = denseOf(t);
  const isWhole = data.length === t.size && isRowMajor(strides, t.shape);
  return isWhole ? data : new HostStorage(entries(t), t.dtype);
}

/** The entries of a view of an array. */
function entriesOf(data: TypedArray, { shape, strides, offset }: Operand, n: number): TypedArray {
  // a view costs as much as a small copy
  if (isRowMajor(strides, shape)) return data.length === n ? data : data.subarray(offset, offset + n);
  const out = allocate(dtypeOf(data), n, "entries");
  const at = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let j = 0; j < n; j++) {
    out[j] = data[from];
    for (let i = shape.length - 1; i >= 0; i--) {
      from += strides[i];
      if (++at[i] < shape[i]) break;
      from -= strides[i] * shape[i];
      at[i] = 0;
    }
  }
  return out;
}

/**
 * The dense value below all levels. Its numbers leave by `host()`, which tells whoever records; whose they are is told of
 * here. @throws ShapeError for a tensor without data, as in a plan.
 */
export function denseOf(t: Tensor): Dense {
  const { value } = primalOf(t);
  if (value.kind !== "dense")
    throw new ShapeError(
      `tensor: a shape without data has no numbers to read, got ${formatShape(t.shape)}; structure is found on shapes, so choose by where(condition, a, b) in place of a branch on numbers`,
    );
  if (t.value.kind === "followed") noteLevel(t.value.reading.level);
  return value;
}

/** The storage of a tensor's numbers, by its identity and size alone; `null` where there is none. */
export function storageOf(t: Tensor): { readonly bytes: number } | null {
  const { value } = t;
  return value.kind === "dense" ? value.data : null;
}

/** The number in a tensor of one entry. */
export function item(t: Tensor): number {
  if (requireTensor("item", t).size !== 1)
    throw new ShapeError(`item: expected one entry, got ${formatShape(t.shape)}`);
  const { data, offset } = denseOf(t);
  return data.host()[offset];
}

/** Most numbers of nested arrays: they take several times the memory of a typed array, and an engine ends where it has none. */
const mostListed = 2 ** 26;

/** Nested arrays; booleans become 0 and 1. */
export function toArray(t: Tensor): NestedNumbers {
  if (requireTensor("toArray", t).size > mostListed)
    throw new PlanError(
      `toArray: expected at most ${mostListed} entries in JavaScript arrays, got ${t.size}; read toTypedArray()`,
      t.size,
      mostListed,
    );
  const flat = entries(t);
  let at = 0;
  const build = (depth: number): NestedNumbers =>
    depth === t.rank ? flat[at++] : Array.from({ length: t.shape[depth] }, () => build(depth + 1));
  return build(0);
}

/** Whether every entry is finite; tensors without data count as finite. */
export function allFinite(t: Tensor): boolean {
  if (t.value.kind !== "dense") return true;
  const operand = { ...t.value };
  const again = (): boolean => areFinite(entriesOf(operand.data.host(), operand, t.size));
  const outcome = untold(again);
  recording.by?.checked({ operand, outcome, again });
  return outcome;
}

/** A loop, since every() calls a function for each entry. */
function areFinite(data: TypedArray): boolean {
  for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]) < Number.POSITIVE_INFINITY)) return false;
  return true;
}

/** Whether every entry is zero; tensors without data count as zero. */
export function allZero(t: Tensor): boolean {
  if (t.value.kind !== "dense") return t.value.kind === "abstract";
  const operand = { ...t.value };
  const again = (): boolean => entriesOf(operand.data.host(), operand, t.size).every((x) => x === 0);
  const outcome = untold(again);
  recording.by?.checked({ operand, outcome, again });
  return outcome;
}

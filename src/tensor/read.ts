import type { TypedArray } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { formatShape, stridesOf } from "../core/shape.js";
import { primalOf } from "./apply.js";
import type { Dense, Tensor } from "./tensor.js";

/** Nested arrays of numbers; a number for a scalar. */
export type NestedNumbers = number | NestedNumbers[];

/** The entries in row-major order: the tensor's own array where it is contiguous, else a copy. Do not write to it. */
export function entries(t: Tensor): TypedArray {
  const { data, strides, offset } = denseOf(t);
  const n = t.size;
  const expected = stridesOf(t.shape);
  if (strides.every((s, i) => s === expected[i] || t.shape[i] <= 1)) return data.subarray(offset, offset + n);
  const out = new (data.constructor as new (n: number) => TypedArray)(n);
  const at = new Array<number>(t.rank).fill(0);
  let from = offset;
  for (let j = 0; j < n; j++) {
    out[j] = data[from];
    for (let i = t.rank - 1; i >= 0; i--) {
      from += strides[i];
      if (++at[i] < t.shape[i]) break;
      from -= strides[i] * t.shape[i];
      at[i] = 0;
    }
  }
  return out;
}

/** The dense value below all levels. @throws ShapeError for a tensor without data, as in a plan. */
export function denseOf(t: Tensor): Dense {
  const { value } = primalOf(t);
  if (value.kind !== "dense")
    throw new ShapeError(`tensor: a shape without data has no numbers to read, got ${formatShape(t.shape)}`);
  return value;
}

/** The number in a tensor of one entry. */
export function item(t: Tensor): number {
  if (t.size !== 1) throw new ShapeError(`item: expected one entry, got ${formatShape(t.shape)}`);
  const { data, offset } = denseOf(t);
  return data[offset];
}

/** Nested arrays; booleans become 0 and 1. */
export function toArray(t: Tensor): NestedNumbers {
  const flat = entries(t);
  let at = 0;
  const build = (depth: number): NestedNumbers =>
    depth === t.rank ? flat[at++] : Array.from({ length: t.shape[depth] }, () => build(depth + 1));
  return build(0);
}

import { sizeOf, stridesOf } from "../../core/shape.js";
import type { Index } from "../../device/attributes.js";
import type { Operand, Result } from "../../device/backend.js";
import { arrayOf, hostZeros } from "../../device/host-storage.js";
import { eachRow, nestOf } from "./walk.js";

/** Copies a strided block to a strided place. */
function copy(
  shape: readonly number[],
  x: Operand,
  fromStrides: readonly number[],
  from: number,
  out: Result,
  toStrides: readonly number[],
  to: number,
  add = false,
): void {
  const [data, into] = [arrayOf(x.data), arrayOf(out.data)];
  const nest = nestOf(shape, [fromStrides, toStrides]);
  const inner = nest.sizes.length - 1;
  const [n, sx, so] = [nest.sizes[inner], nest.strides[0][inner], nest.strides[1][inner]];
  eachRow(nest, (at) => {
    const [i, o] = [from + at[0], to + at[1]];
    if (add) for (let j = 0; j < n; j++) into[o + j * so] += data[i + j * sx];
    else for (let j = 0; j < n; j++) into[o + j * so] = data[i + j * sx];
  });
}

export function runReshape([x]: readonly Operand[], out: Result): void {
  copy(x.shape, x, x.strides, x.offset, out, stridesOf(x.shape), 0);
}

interface TakeAttrs {
  readonly axis: number;
  readonly index: Index;
}

const without = (list: readonly number[], at: number, count = 1): number[] => [
  ...list.slice(0, at),
  ...list.slice(at + count),
];

export function runTake([x]: readonly Operand[], { axis, index }: TakeAttrs, out: Result): void {
  const shape = without(x.shape, axis);
  const width = index.shape.length;
  const strides = stridesOf(out.shape);
  const block = sizeOf(out.shape.slice(axis + width));
  const [fromStrides, toStrides] = [without(x.strides, axis), without(strides, axis, width)];
  for (let j = 0; j < index.at.length; j++) {
    const position = index.at[j];
    if (position >= 0)
      copy(shape, x, fromStrides, x.offset + position * x.strides[axis], out, toStrides, j * block);
  }
}

export function runPut([x]: readonly Operand[], { axis, index }: TakeAttrs, out: Result): void {
  const width = index.shape.length;
  const shape = without(x.shape, axis, width);
  const strides = stridesOf(out.shape);
  const steps = stridesOf(index.shape);
  const [fromStrides, toStrides] = [without(x.strides, axis, width), without(strides, axis)];
  // sums of float32 entries are kept in double precision until the end
  const sums = out.dtype === "float32" ? { ...out, data: hostZeros("float64", out.data.length) } : out;
  for (let j = 0; j < index.at.length; j++) {
    const position = index.at[j];
    if (position < 0) continue;
    let from = x.offset;
    for (let i = 0; i < width; i++) from += (Math.floor(j / steps[i]) % index.shape[i]) * x.strides[axis + i];
    copy(shape, x, fromStrides, from, sums, toStrides, position * strides[axis], true);
  }
  if (sums !== out) out.data.write(arrayOf(sums.data));
}

export function runConcat(parts: readonly Operand[], { axis }: { axis: number }, out: Result): void {
  const strides = stridesOf(out.shape);
  let start = 0;
  for (const x of parts) {
    copy(x.shape, x, x.strides, x.offset, out, strides, start * strides[axis]);
    start += x.shape[axis];
  }
}

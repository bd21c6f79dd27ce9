import { type Shape, sizeOf, stridesOf } from "../../core/shape.js";
import type { Operand } from "../../device/backend.js";

/** Axes that all operands step through together, merged where memory allows; the last one is the inner loop. */
export interface Nest {
  readonly sizes: readonly number[];
  /** Strides of each operand along `sizes`. */
  readonly strides: readonly (readonly number[])[];
}

/** Merges neighboring axes wherever every operand steps through both as through one. Axes of size 1 go. */
export function nestOf(shape: Shape, strides: readonly (readonly number[])[]): Nest {
  const sizes: number[] = [];
  const kept: number[][] = strides.map(() => []);
  for (let i = 0; i < shape.length; i++) {
    if (shape[i] === 1) continue;
    const last = sizes.length - 1;
    if (last >= 0 && strides.every((s, k) => kept[k][last] === s[i] * shape[i])) {
      sizes[last] *= shape[i];
      for (let k = 0; k < strides.length; k++) kept[k][last] = strides[k][i];
      continue;
    }
    sizes.push(shape[i]);
    for (let k = 0; k < strides.length; k++) kept[k].push(strides[k][i]);
  }
  if (sizes.length === 0) {
    sizes.push(1);
    for (const k of kept) k.push(0);
  }
  return { sizes, strides: kept };
}

/** Runs the inner loop for every index of the outer axes, with the offset of each operand there. */
export function eachRow({ sizes, strides }: Nest, row: (at: Int32Array) => void): void {
  const outer = sizes.length - 1;
  const at = new Int32Array(strides.length);
  for (const n of sizes) if (n === 0) return;
  if (outer === 0) {
    row(at);
    return;
  }
  const index = new Int32Array(outer);
  for (;;) {
    row(at);
    let i = outer - 1;
    for (; i >= 0; i--) {
      for (let k = 0; k < at.length; k++) at[k] += strides[k][i];
      if (++index[i] < sizes[i]) break;
      for (let k = 0; k < at.length; k++) at[k] -= strides[k][i] * sizes[i];
      index[i] = 0;
    }
    if (i < 0) return;
  }
}

/** Strides of an operand along a larger shape that it broadcasts to. */
export function broadcastStrides(x: Operand, shape: Shape): readonly number[] {
  if (x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i])) return x.strides;
  const lead = shape.length - x.shape.length;
  return shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : x.strides[i - lead]));
}

/** Calls `visit` for every index of `sizes`, with the offset along each list of strides. */
export function walk(
  sizes: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (at: Int32Array) => void,
): void {
  eachRow({ sizes: [...sizes, 1], strides: strides.map((s) => [...s, 0]) }, visit);
}

/** The offset of every index of the axes, in row-major order. */
export function offsets(sizes: readonly number[], strides: readonly number[]): Int32Array {
  if (sizes.length === 0) return new Int32Array(1);
  const found = new Int32Array(sizeOf(sizes));
  const steps = stridesOf(sizes);
  for (let j = 0; j < found.length; j++) {
    let at = 0;
    for (let i = 0; i < sizes.length; i++) at += (Math.floor(j / steps[i]) % sizes[i]) * strides[i];
    found[j] = at;
  }
  return found;
}

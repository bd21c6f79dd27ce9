import { stridesOf } from "../../core/shape.js";
import type { Operand, Result } from "../../tensor/backend.js";
import { eachRow, nestOf } from "./walk.js";

/** Strides into the result along the axes of the input: zero along reduced ones. */
function outStrides(x: Operand, axes: readonly number[], out: Result): number[] {
  const strides = stridesOf(out.shape);
  let next = 0;
  return x.shape.map((_, i) => (axes.includes(i) ? 0 : strides[next++]));
}

const block = 128;

/** Pairwise summation: rounding grows with the logarithm of n. */
function sumStrided(data: ArrayLike<number>, from: number, step: number, n: number): number {
  if (n <= block) {
    let total = 0;
    for (let j = 0; j < n; j++) total += data[from + j * step];
    return total;
  }
  const half = n >> 1;
  return sumStrided(data, from, step, half) + sumStrided(data, from + half * step, step, n - half);
}

export function runSum([x]: readonly Operand[], { axes }: { axes: readonly number[] }, out: Result): void {
  const { data } = x;
  const nest = nestOf(x.shape, [x.strides, outStrides(x, axes, out)]);
  const inner = nest.sizes.length - 1;
  const [n, sx, so] = [nest.sizes[inner], nest.strides[0][inner], nest.strides[1][inner]];
  // sums of float32 entries are kept in double precision until the end
  const into = out.dtype === "float32" ? new Float64Array(out.data.length) : out.data;
  eachRow(nest, (at) => {
    const [i, o] = [at[0] + x.offset, at[1]];
    if (so === 0) into[o] += sumStrided(data, i, sx, n);
    else for (let j = 0; j < n; j++) into[o + j * so] += data[i + j * sx];
  });
  if (into !== out.data) out.data.set(into);
}

export function runMax([x]: readonly Operand[], { axes }: { axes: readonly number[] }, out: Result): void {
  const { data } = x;
  const into = out.data;
  into.fill(out.dtype === "int32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY);
  const nest = nestOf(x.shape, [x.strides, outStrides(x, axes, out)]);
  const inner = nest.sizes.length - 1;
  const [n, sx, so] = [nest.sizes[inner], nest.strides[0][inner], nest.strides[1][inner]];
  eachRow(nest, (at) => {
    for (let j = 0; j < n; j++) {
      const [v, o] = [data[x.offset + at[0] + j * sx], at[1] + j * so];
      if (v > into[o] || Number.isNaN(v)) into[o] = v;
    }
  });
}

/** Runs `line` for every line along an axis, with its start in the input and in the result. */
function eachLine(
  x: Operand,
  axis: number,
  resultStrides: readonly number[],
  line: (from: number, to: number) => void,
): void {
  const rest = x.shape.map((_, i) => i).filter((i) => i !== axis);
  const pick = (list: readonly number[]): number[] => rest.map((i) => list[i]);
  const nest = nestOf(pick(x.shape), [pick(x.strides), pick(resultStrides)]);
  const inner = nest.sizes.length - 1;
  eachRow(nest, (at) => {
    for (let j = 0; j < nest.sizes[inner]; j++)
      line(x.offset + at[0] + j * nest.strides[0][inner], at[1] + j * nest.strides[1][inner]);
  });
}

export function runArgmax([x]: readonly Operand[], { axis }: { axis: number }, out: Result): void {
  const [n, step] = [x.shape[axis], x.strides[axis]];
  eachLine(x, axis, outStrides(x, [axis], out), (from, to) => {
    let best = 0;
    for (let i = 1; i < n; i++) {
      const [v, top] = [x.data[from + i * step], x.data[from + best * step]];
      if (v > top || (Number.isNaN(v) && !Number.isNaN(top))) best = i;
    }
    out.data[to] = best;
  });
}

export function runCumsum(
  [x]: readonly Operand[],
  attrs: { axis: number; reverse: boolean },
  out: Result,
): void {
  const { axis, reverse } = attrs;
  const [n, step] = [x.shape[axis], x.strides[axis]];
  const strides = stridesOf(out.shape);
  eachLine(x, axis, strides, (from, to) => {
    let total = 0;
    for (let k = 0; k < n; k++) {
      const i = reverse ? n - 1 - k : k;
      total += x.data[from + i * step];
      out.data[to + i * strides[axis]] = total;
    }
  });
}

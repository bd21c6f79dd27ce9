import type { TypedArray } from "../../core/dtype.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import type { Operand, Result } from "../../device/backend.js";
import { arrayOf } from "../../device/host-storage.js";
import { eachRow, nestOf, offsets } from "./walk.js";

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

/** Integers wrap around at every step, so that no order of adding loses a digit. */
function sumIntegers(data: ArrayLike<number>, from: number, step: number, n: number): number {
  let total = 0;
  for (let j = 0; j < n; j++) total = (total + data[from + j * step]) | 0;
  return total;
}

/** Rows that are added up one after the other; more are halved, and the halves added. */
const group = 64;

export function runSum([x]: readonly Operand[], { axes }: { axes: readonly number[] }, out: Result): void {
  const [data, result] = [arrayOf(x.data), arrayOf(out.data)];
  const strides = outStrides(x, axes, out);
  const nest = nestOf(x.shape, [x.strides, strides]);
  const inner = nest.sizes.length - 1;
  const [n, sx, so] = [nest.sizes[inner], nest.strides[0][inner], nest.strides[1][inner]];
  const isInteger = out.dtype === "int32";
  // sums of float32 entries are kept in double precision until the end
  const into = out.dtype === "float32" ? new Float64Array(result.length) : result;
  const rows = sizeOf(x.shape) / (result.length * (so === 0 ? n : 1));
  if (rows > group && !isInteger) sumRows(x, axes, strides, so === 0, into);
  else {
    const sum = isInteger ? sumIntegers : sumStrided;
    eachRow(nest, (at) => {
      const [i, o] = [at[0] + x.offset, at[1]];
      if (so === 0) into[o] += sum(data, i, sx, n);
      else for (let j = 0; j < n; j++) into[o + j * so] += data[i + j * sx];
    });
  }
  if (into !== result) result.set(into);
}

/**
 * Sums of many rows, pairwise as along one: where `along`, the last reduced axis is the inner loop, else the last kept one.
 */
function sumRows(
  x: Operand,
  axes: readonly number[],
  strides: readonly number[],
  along: boolean,
  into: TypedArray,
): void {
  const data = arrayOf(x.data);
  const pick = (reduced: boolean, list: readonly number[]): number[] =>
    list.filter((_, i) => axes.includes(i) === reduced);
  const kept = nestOf(pick(false, x.shape), [pick(false, x.strides), pick(false, strides)]);
  const reduced = nestOf(pick(true, x.shape), [pick(true, x.strides)]);
  const [last, lastKept] = [reduced.sizes.length - 1, kept.sizes.length - 1];
  const outer = along ? last : last + 1;
  const starts = offsets(reduced.sizes.slice(0, outer), reduced.strides[0].slice(0, outer));
  const [m, step] = [kept.sizes[lastKept], kept.strides[0][lastKept]];
  if (along) {
    const [n, by] = [reduced.sizes[last], reduced.strides[0][last]];
    const sum = (from: number, first: number, count: number): number => {
      if (count > group)
        return sum(from, first, count >> 1) + sum(from, first + (count >> 1), (count + 1) >> 1);
      let total = 0;
      for (let i = first; i < first + count; i++) total += sumStrided(data, from + starts[i], by, n);
      return total;
    };
    eachRow(kept, (at) => {
      for (let j = 0; j < m; j++)
        into[at[1] + j * kept.strides[1][lastKept]] = sum(x.offset + at[0] + j * step, 0, starts.length);
    });
    return;
  }
  const spare: Float64Array[] = [];
  const join = (total: Float64Array, from: number, first: number, count: number, depth: number): void => {
    if (count <= group) {
      total.fill(0);
      for (let i = first; i < first + count; i++) {
        const at = from + starts[i];
        for (let j = 0; j < m; j++) total[j] += data[at + j * step];
      }
      return;
    }
    spare[depth] ??= new Float64Array(m);
    const rest = spare[depth];
    join(total, from, first, count >> 1, depth + 1);
    join(rest, from, first + (count >> 1), (count + 1) >> 1, depth + 1);
    for (let j = 0; j < m; j++) total[j] += rest[j];
  };
  const total = new Float64Array(m);
  eachRow(kept, (at) => {
    join(total, x.offset + at[0], 0, starts.length, 0);
    for (let j = 0; j < m; j++) into[at[1] + j * kept.strides[1][lastKept]] = total[j];
  });
}

export function runMax([x]: readonly Operand[], { axes }: { axes: readonly number[] }, out: Result): void {
  const [data, into] = [arrayOf(x.data), arrayOf(out.data)];
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
  const [data, into] = [arrayOf(x.data), arrayOf(out.data)];
  eachLine(x, axis, outStrides(x, [axis], out), (from, to) => {
    let best = 0;
    for (let i = 1; i < n; i++) {
      const [v, top] = [data[from + i * step], data[from + best * step]];
      if (v > top || (Number.isNaN(v) && !Number.isNaN(top))) best = i;
    }
    into[to] = best;
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
  const isInteger = out.dtype === "int32";
  const [data, into] = [arrayOf(x.data), arrayOf(out.data)];
  eachLine(x, axis, strides, (from, to) => {
    let total = 0;
    for (let k = 0; k < n; k++) {
      const i = reverse ? n - 1 - k : k;
      total += data[from + i * step];
      if (isInteger) total |= 0;
      into[to + i * strides[axis]] = total;
    }
  });
}

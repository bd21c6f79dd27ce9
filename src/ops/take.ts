import { allocate, requireRoom } from "../core/dtype.js";
import { DTypeError, ShapeError } from "../core/errors.js";
import { isA, isArray, kindOf } from "../core/kinds.js";
import { formatShape, normalizeAxes, normalizeAxis } from "../core/shape.js";
import type { Index } from "../device/attributes.js";
import { apply } from "../tensor/apply.js";
import { shiftedIndex, type TakeMap } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { entries } from "../tensor/read.js";
import { isTensor, requireTensor, type Tensor } from "../tensor/tensor.js";

const takeOp: Op<Omit<TakeMap, "kind">> = {
  name: "take",
  infer: ([x], { axis, index }) => ({
    shape: [...x.shape.slice(0, axis), ...index.shape, ...x.shape.slice(axis + 1)],
    dtype: x.dtype,
  }),
  linearize: ({ attrs }) => [{ kind: "take", ...attrs }],
};

const putOp: Op<Omit<TakeMap, "kind">> = {
  name: "put",
  infer: ([x], { axis, index, size }) => {
    if (x.dtype === "bool")
      throw new DTypeError('put: expected numbers to add up, got bool; convert with .cast("int32")');
    return {
      shape: [...x.shape.slice(0, axis), size, ...x.shape.slice(axis + index.shape.length)],
      dtype: x.dtype,
    };
  },
  linearize: ({ attrs }) => [{ kind: "put", ...attrs }],
};

/** The axis replaced by the axes of `index`: entries moved, repeated, dropped or (at -1) zero. */
export const takeIndex = (x: Tensor, axis: number, index: Index): Tensor =>
  apply(takeOp, [x], { axis, index, size: x.shape[axis] });

/** The transpose of `takeIndex`: entries that came from the same place are added up there. */
export const putIndex = (x: Tensor, axis: number, index: Index, size: number): Tensor =>
  apply(putOp, [x], { axis, index, size });

/** One entry along an axis, which is dropped. */
export function select(x: Tensor, axis: number, position: number): Tensor {
  const at = normalizeAxis("select", axis, requireTensor("select", x).rank);
  const n = x.shape[at];
  const from = Number.isInteger(position) ? (position < 0 ? position + n : position) : -1;
  if (from < 0 || from >= n)
    throw new ShapeError(
      n === 0
        ? `select: an axis of size 0 has no entry, got position ${kindOf(position)}`
        : `select: position must be an integer in [${-n}, ${n - 1}], got ${kindOf(position)}`,
    );
  return takeIndex(x, at, { shape: [], at: Int32Array.of(from) });
}

/**
 * Entries of an axis at positions, integers counted from 0; the axis is replaced by the axes of `positions`.
 * @throws ShapeError for a position outside of the axis, DTypeError for positions that are no integers
 */
export function gather(x: Tensor, positions: Tensor | readonly number[] | Int32Array, axis = 0): Tensor {
  const at = normalizeAxis("gather", axis, requireTensor("gather", x).rank);
  const n = x.shape[at];
  const index = isTensor(positions) ? indexOf(positions) : listed(positions, n, at);
  index.at.forEach((p, j) => {
    if (p < 0 || p >= n) throw outside(n, at, p, j);
  });
  return takeIndex(x, at, index);
}

const outside = (n: number, axis: number, p: number, j: number): ShapeError =>
  new ShapeError(`gather: positions must lie in [0, ${n - 1}] on axis ${axis}, got ${p} at ${j}`);

function listed(positions: readonly number[] | Int32Array, n: number, axis: number): Index {
  if (!isArray(positions) && !isA(Int32Array, positions))
    throw new DTypeError(
      `gather: expected positions as an int32 tensor or an array of integers, got ${kindOf(positions)}`,
    );
  const list = positions as ArrayLike<number>;
  const at = allocate("int32", list.length, "gather") as Int32Array;
  for (let j = 0; j < at.length; j++) {
    const p = list[j];
    if (!Number.isInteger(p))
      throw new DTypeError(`gather: expected integers as positions, got ${kindOf(p)} at ${j}`);
    // before it is stored in 32 bits
    if (p < 0 || p >= n) throw outside(n, axis, p, j);
    at[j] = p;
  }
  return { shape: [at.length], at };
}

function indexOf(positions: Tensor): Index {
  if (positions.dtype !== "int32")
    throw new DTypeError(`gather: expected int32 positions, got ${positions.dtype}`);
  if (positions.value.kind !== "dense")
    throw new ShapeError(
      "gather: expected positions whose numbers are known, got such as a transformation follows or a plan has no numbers of; keep what they are made of out of the states, and gather by labels of the sample",
    );
  return { shape: positions.shape, at: Int32Array.from(entries(positions)) };
}

/** Entries in reverse order along the axes. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  return normalizeAxes("flip", axes, requireTensor("flip", x).rank).reduce((out, axis) => {
    const n = x.shape[axis];
    return takeIndex(out, axis, {
      shape: [n],
      at: (allocate("int32", n, "flip") as Int32Array).map((_, j) => n - 1 - j),
    });
  }, x);
}

/**
 * Zeros added before and after each axis: [[before, after], ...]; missing axes are left alone.
 * @throws ShapeError for widths that are no integers >= 0, and for more of them than axes
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[]): Tensor {
  requireTensor("pad", x);
  if (!isArray(widths) || widths.length > x.rank)
    throw new ShapeError(
      `pad: expected at most ${x.rank} pairs of widths for ${formatShape(x.shape)}, got ${isArray(widths) ? widths.length : kindOf(widths)}`,
    );
  let out = x;
  for (let axis = 0; axis < widths.length; axis++) {
    const pair: unknown = widths[axis];
    if (!isArray(pair) || pair.length !== 2 || !pair.every((w) => Number.isInteger(w) && (w as number) >= 0))
      throw new ShapeError(
        `pad: expected [before, after] of integers >= 0 on axis ${axis}, got ${isArray(pair) ? `[${pair.slice(0, 3).map(kindOf)}]` : kindOf(pair)}`,
      );
    const [before, after] = pair as [number, number];
    if (before + after === 0) continue;
    requireRoom("pad", x.dtype, before + x.shape[axis] + after);
    out = takeIndex(out, axis, shiftedIndex(before, x.shape[axis], before + x.shape[axis] + after));
  }
  return out;
}

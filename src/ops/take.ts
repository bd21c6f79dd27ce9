import { DTypeError, ShapeError } from "../core/errors.js";
import { normalizeAxes, normalizeAxis } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { type Index, shiftedIndex, type TakeMap } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { entries } from "../tensor/read.js";
import { Tensor } from "../tensor/tensor.js";

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
  const at = normalizeAxis("select", axis, x.rank);
  const from = position < 0 ? position + x.shape[at] : position;
  if (!Number.isInteger(from) || from < 0 || from >= x.shape[at])
    throw new ShapeError(
      `select: position must lie in [${-x.shape[at]}, ${x.shape[at] - 1}], got ${position}`,
    );
  return takeIndex(x, at, { shape: [], at: Int32Array.of(from) });
}

/** Entries of an axis at int32 positions; the axis is replaced by the axes of `positions`. */
export function gather(x: Tensor, positions: Tensor | readonly number[], axis = 0): Tensor {
  const at = normalizeAxis("gather", axis, x.rank);
  const index =
    positions instanceof Tensor
      ? indexOf(positions)
      : { shape: [positions.length], at: Int32Array.from(positions) };
  index.at.forEach((p, j) => {
    if (p < 0 || p >= x.shape[at])
      throw new ShapeError(
        `gather: positions must lie in [0, ${x.shape[at] - 1}] on axis ${axis}, got ${p} at ${j}`,
      );
  });
  return takeIndex(x, at, index);
}

function indexOf(positions: Tensor): Index {
  if (positions.dtype !== "int32" || positions.value.kind !== "dense")
    throw new ShapeError(`gather: expected constant int32 positions, got ${positions.dtype}`);
  return { shape: positions.shape, at: Int32Array.from(entries(positions)) };
}

/** Entries in reverse order along the axes. */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  return normalizeAxes("flip", axes, x.rank).reduce((out, axis) => {
    const n = x.shape[axis];
    return takeIndex(out, axis, { shape: [n], at: Int32Array.from({ length: n }, (_, j) => n - 1 - j) });
  }, x);
}

/** Zeros added before and after each axis: [[before, after], ...]; missing axes are left alone. */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[]): Tensor {
  return widths.reduce((out, [before, after], axis) => {
    if (!(Number.isInteger(before) && Number.isInteger(after)) || before < 0 || after < 0)
      throw new ShapeError(`pad: widths must be integers >= 0, got [${before},${after}] on axis ${axis}`);
    if (before + after === 0) return out;
    return takeIndex(out, axis, shiftedIndex(before, x.shape[axis], before + x.shape[axis] + after));
  }, x);
}

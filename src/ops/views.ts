import { allocate, mostEntries } from "../core/dtype.js";
import { PlanError, ShapeError } from "../core/errors.js";
import { isArray, kindOf } from "../core/kinds.js";
import {
  broadcastShapes,
  checkShape,
  formatShape,
  isRowMajor,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from "../core/shape.js";
import { apply, viewOf } from "../tensor/apply.js";
import type { LinearMap } from "../tensor/linear-map.js";
import { lyingOf } from "../tensor/lying.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";

const seen = (x: Tensor, shape: Shape, strides: readonly number[], offset: number): Tensor =>
  viewOf(lyingOf(x).data, shape, x.dtype, strides, offset);

const reshapeOp: Op<{ shape: Shape }> = {
  name: "reshape",
  infer: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape))
      throw new ShapeError(`reshape: sizes must agree, got ${formatShape(x.shape)} to ${formatShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  linearize: ({ inputs: [x], attrs }) => [{ kind: "reshape", from: x.shape, to: attrs.shape }],
  view: (x, { shape }) =>
    isRowMajor(lyingOf(x).strides, x.shape) ? seen(x, shape, stridesOf(shape), lyingOf(x).offset) : null,
};

/** The same entries, row-major, in another shape; one size may be -1 and is worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  requireTensor("reshape", x);
  const open = isArray(shape) ? shape.indexOf(-1) : -1;
  const target = checkShape(
    "reshape",
    open >= 0 ? shape.map((d, i) => (i === open ? 0 : d)) : shape,
  ) as number[];
  if (open >= 0) {
    const rest = sizeOf(target.filter((_, i) => i !== open));
    if (rest === 0 || x.size % rest !== 0)
      throw new ShapeError(`reshape: cannot work out ${formatShape(shape)} from ${formatShape(x.shape)}`);
    target[open] = x.size / rest;
  }
  return sameShape(target, x.shape) ? x : apply(reshapeOp, [x], { shape: target });
}

const copyOp: Op<{ shape: Shape }> = { ...reshapeOp, view: undefined };

/** The same entries, row-major, in an array of their own. */
export const copy = (x: Tensor): Tensor => apply(copyOp, [requireTensor("copy", x)], { shape: x.shape });

/** One axis of all entries. */
export const flatten = (x: Tensor): Tensor => reshape(x, [requireTensor("flatten", x).size]);

const permuteOp: Op<{ order: readonly number[] }> = {
  name: "permute",
  infer: ([x], { order }) => ({ shape: order.map((a) => x.shape[a]), dtype: x.dtype }),
  linearize: ({ attrs: { order } }) => [{ kind: "permute", order }],
  view: (x, { order }) => {
    const { strides, offset } = lyingOf(x);
    return seen(
      x,
      order.map((a) => x.shape[a]),
      order.map((a) => strides[a]),
      offset,
    );
  },
};

/** Axes in a new order: axis i of the result is axis order[i] of x. */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  requireTensor("permute", x);
  if (!isArray(order) || order.length !== x.rank)
    throw new ShapeError(
      `permute: expected an array of ${x.rank} axes for ${formatShape(x.shape)}, got ${isArray(order) ? order.length : kindOf(order)}`,
    );
  normalizeAxes("permute", order, x.rank);
  const list = order.map((a) => normalizeAxis("permute", a, x.rank));
  return list.every((a, i) => a === i) ? x : apply(permuteOp, [x], { order: list });
}

/** The last two axes swapped, or all axes reversed for rank below 2. */
export function transpose(x: Tensor): Tensor {
  const order = requireTensor("transpose", x).shape.map((_, i) => i);
  if (x.rank >= 2) [order[x.rank - 1], order[x.rank - 2]] = [order[x.rank - 2], order[x.rank - 1]];
  return permute(x, order);
}

const broadcastOp: Op<{ shape: Shape }> = {
  name: "broadcastTo",
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes("broadcastTo", [x.shape, shape]), shape))
      throw new ShapeError(
        `broadcastTo: expected a larger shape, got ${formatShape(x.shape)} to ${formatShape(shape)}`,
      );
    return { shape, dtype: x.dtype };
  },
  linearize: ({ inputs: [x], attrs }) => [{ kind: "broadcast", from: x.shape, to: attrs.shape }],
  view: (x, { shape }) => {
    const size = sizeOf(shape);
    if (size > mostEntries)
      throw new PlanError(
        `broadcastTo: expected at most ${mostEntries} entries, got ${size} for ${formatShape(shape)}`,
        size,
        mostEntries,
      );
    const { strides, offset } = lyingOf(x);
    const lead = shape.length - x.rank;
    return seen(
      x,
      shape,
      shape.map((_, i) => (i < lead || x.shape[i - lead] === 1 ? 0 : strides[i - lead])),
      offset,
    );
  },
};

export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const target = checkShape("broadcastTo", shape);
  return sameShape(requireTensor("broadcastTo", x).shape, target)
    ? x
    : apply(broadcastOp, [x], { shape: target });
}

/** Size-1 axes dropped: the named ones, or all. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const list =
    requireTensor("squeeze", x) && axes === undefined ? null : normalizeAxes("squeeze", axes, x.rank);
  const bad = list?.find((a) => x.shape[a] !== 1);
  if (bad !== undefined)
    throw new ShapeError(`squeeze: axis ${bad} must have size 1, got ${formatShape(x.shape)}`);
  return reshape(
    x,
    x.shape.filter((d, i) => (list ? !list.includes(i) : d !== 1)),
  );
}

/** A new axis of size 1 before the given position. */
export function expandDims(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis("expandDims", axis, requireTensor("expandDims", x).rank + 1);
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

interface SliceAttrs {
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly shape: Shape;
}

const sliceOp: Op<SliceAttrs> = {
  name: "slice",
  infer: ([x], { shape }) => ({ shape, dtype: x.dtype }),
  linearize: ({ inputs: [x], attrs }) => {
    const maps: LinearMap[] = [];
    attrs.shape.forEach((n, axis) => {
      if (n === x.shape[axis] && attrs.steps[axis] === 1) return;
      const at = (allocate("int32", n, "slice") as Int32Array).map(
        (_, j) => attrs.starts[axis] + j * attrs.steps[axis],
      );
      maps.push({ kind: "take", axis, index: { shape: [n], at }, size: x.shape[axis] });
    });
    return maps;
  },
  view: (x, { starts, steps, shape }) => {
    const { strides, offset } = lyingOf(x);
    const start = sizeOf(shape) === 0 ? 0 : starts.reduce((sum, s, i) => sum + s * strides[i], 0);
    return seen(
      x,
      shape,
      strides.map((s, i) => s * steps[i]),
      offset + start,
    );
  },
};

/** start, stop (excluded) and step of one axis; negative positions count from the back. */
export type Range = readonly [start: number, stop: number, step?: number];

/**
 * Part of a tensor: a range per axis, `null` for all of it; missing axes are taken whole.
 * @throws ShapeError for a range that leaves the axis, or more ranges than axes
 */
export function slice(x: Tensor, ranges: readonly (Range | null)[]): Tensor {
  requireTensor("slice", x);
  if (!isArray(ranges) || ranges.length > x.rank)
    throw new ShapeError(
      `slice: expected an array of at most ${x.rank} ranges for ${formatShape(x.shape)}, got ${isArray(ranges) ? ranges.length : kindOf(ranges)}`,
    );
  const [starts, steps, shape]: number[][] = [[], [], []];
  x.shape.forEach((n, axis) => {
    const [from, to, step] = rangeOf(ranges[axis] ?? null, axis, n);
    starts.push(from);
    steps.push(step);
    shape.push(Math.max(0, Math.ceil((to - from) / step)));
  });
  return sameShape(shape, x.shape) ? x : apply(sliceOp, [x], { starts, steps, shape });
}

/** Start, stop and step counted from the front. */
function rangeOf(range: unknown, axis: number, n: number): readonly [number, number, number] {
  if (range === null) return [0, n, 1];
  const [first, last, step = 1] = isArray(range) ? range : [];
  const from = fromFront(first, n);
  const to = fromFront(last, n);
  if (from >= 0 && to >= 0 && to <= n && Number.isInteger(step) && (step as number) >= 1)
    return [from, to, step as number];
  throw new ShapeError(
    `slice: expected 0 <= start, stop <= ${n} and a step >= 1 on axis ${axis}, got ${isArray(range) ? `[${range.slice(0, 4).map(kindOf)}]` : kindOf(range)}`,
  );
}

/** A position counted from the front; -1 for none. */
function fromFront(position: unknown, n: number): number {
  if (!Number.isInteger(position)) return -1;
  const p = position as number;
  return p < 0 ? p + n : p;
}

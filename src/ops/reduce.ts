import { type DType, requireFloat } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { flag, type Known, options as optionsOf } from "../core/kinds.js";
import { formatShape, normalizeAxes, normalizeAxis, type Shape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { contraction, scale as scaleMap, summation } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import { requireTensor, type Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { equal, less, logicalNot } from "./compare.js";
import { asTensor } from "./create.js";
import { fromMatrix } from "./matrices.js";
import {
  abs,
  add,
  clip,
  div,
  exp,
  floor,
  log,
  log1p,
  mul,
  neg,
  pow,
  sqrt,
  square,
  sub,
} from "./pointwise.js";
import { where } from "./select.js";
import { stopGradient } from "./stop-gradient.js";
import { broadcastTo, reshape, slice } from "./views.js";

export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

const keeping: Known<ReduceOptions> = { keepDims: flag };

/** An axis, several, or all. */
export type Axes = number | readonly number[];

const without = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));
const kept = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d));

interface AxesAttrs {
  readonly axes: readonly number[];
}

/** Booleans are counted in int32. */
const counted = (dtype: DType): DType => (dtype === "bool" ? "int32" : dtype);

const sumOp: Op<AxesAttrs> = {
  name: "sum",
  infer: ([x], { axes }) => ({ shape: without(x.shape, axes), dtype: counted(x.dtype) }),
  linearize: ({ inputs: [x], attrs }) => [summation(attrs.axes, x.shape)],
};

const isEmpty = (shape: Shape, axes: readonly number[]): boolean => axes.some((a) => shape[a] === 0);

/** An extremum of nothing has no value. */
function requireEntries(who: string, shape: Shape, axes: readonly number[]): void {
  if (isEmpty(shape, axes))
    throw new ShapeError(
      `${who}: expected at least one entry along each reduced axis, got ${formatShape(shape)}`,
    );
}

const maxOp: Op<AxesAttrs> = {
  name: "max",
  infer: ([x], { axes }) => {
    requireEntries("max", x.shape, axes);
    return { shape: without(x.shape, axes), dtype: x.dtype };
  },
  // entries that tie for the maximum share its derivative equally
  linearize: ({ inputs: [x], output, attrs: { axes } }) => {
    const shape = kept(x.shape, axes);
    const winners = cast(equal(x, reshape(output, shape)), x.dtype);
    return [scaleMap(div(winners, sum(winners, axes, { keepDims: true }))), summation(axes, x.shape)];
  },
};

/* @__NO_SIDE_EFFECTS__ */
function reduction(op: Op<AxesAttrs>): (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor {
  return (x, axes, options) => {
    const list = normalizeAxes(op.name, axes, requireTensor(op.name, x).rank);
    const { keepDims } = optionsOf(op.name, options, keeping);
    const out = apply(op, [x], { axes: list });
    return keepDims ? reshape(out, kept(x.shape, list)) : out;
  };
}

export const sum = reduction(sumOp);
export const max = reduction(maxOp);

export function min(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  optionsOf("min", options, keeping);
  requireEntries("min", requireTensor("min", x).shape, normalizeAxes("min", axes, x.rank));
  return turn(max(turn(x), axes, options));
}

/** The entries in reverse order of size. The smallest integer has no negative: -1 - x has one for each. */
function turn(x: Tensor): Tensor {
  if (x.dtype === "bool") return logicalNot(x);
  return x.dtype === "int32" ? sub(-1, x) : neg(x);
}

export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireFloat("mean", requireTensor("mean", x).dtype);
  optionsOf("mean", options, keeping);
  let n = 1;
  for (const a of normalizeAxes("mean", axes, x.rank)) n *= x.shape[a];
  // a quotient, so that the mean of equal entries is that entry
  return div(sum(x, axes, options), n);
}

/** Mean squared deviation from the mean (no Bessel correction). */
export function variance(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireFloat("variance", requireTensor("variance", x).dtype);
  normalizeAxes("variance", axes, x.rank);
  optionsOf("variance", options, keeping);
  return mean(square(sub(x, mean(x, axes, { keepDims: true }))), axes, options);
}

/** Product (of booleans in int32), halved pairwise so that its derivatives of every order are right where entries are zero. */
export function prod(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const list = normalizeAxes("prod", axes, requireTensor("prod", x).rank);
  const { keepDims } = optionsOf("prod", options, keeping);
  let out = cast(x, counted(x.dtype));
  for (const axis of list) {
    while (out.shape[axis] > 1) {
      const n = out.shape[axis];
      const half = n >> 1;
      const part = (from: number, to: number): Tensor =>
        slice(
          out,
          out.shape.map((_, i) => (i === axis ? [from, to] : null)),
        );
      const product = mul(part(0, half), part(half, 2 * half));
      out = n % 2 === 0 ? product : mulFirst(product, part(n - 1, n), axis);
    }
    if (out.shape[axis] === 0) out = add(sum(out, axis, { keepDims: true }), 1);
  }
  return keepDims ? out : reshape(out, without(out.shape, list));
}

/** Multiplies `last` into the first entry of `product` along the axis. */
function mulFirst(product: Tensor, last: Tensor, axis: number): Tensor {
  const first = Array.from({ length: product.shape[axis] }, (_, i) => i === 0);
  const isFirst = fromMatrix(first.map(Number), [first.length], product.dtype);
  const mask = reshape(
    isFirst,
    product.shape.map((_, i) => (i === axis ? first.length : 1)),
  );
  return where(equal(mask, 1), mul(product, last), product);
}

const logsumexpOp: Op<AxesAttrs> = {
  name: "logsumexp",
  infer: ([x], { axes }) => ({ shape: without(x.shape, axes), dtype: requireFloat("logsumexp", x.dtype) }),
  evaluate: ([x], { axes }) => {
    requireFloat("logsumexp", x.dtype);
    if (isEmpty(x.shape, axes)) return sub(sum(x, axes), Number.POSITIVE_INFINITY);
    const top = max(x, axes, { keepDims: true });
    const shift = shiftOf(top);
    // the largest entries count exactly, so that the others show beside them however small they are
    const others = sum(where(less(x, top), exp(sub(x, shift)), 0), axes, { keepDims: true });
    const ties = sum(cast(equal(x, top), x.dtype), axes, { keepDims: true });
    const finite = add(log1p(add(sub(ties, 1), others)), shift);
    return reshape(where(equal(abs(top), Number.POSITIVE_INFINITY), top, finite), without(x.shape, axes));
  },
  linearize: ({ inputs: [x], attrs: { axes } }) => [scaleMap(softmaxOver(x, axes)), summation(axes, x.shape)],
};

/** log(sum(exp(x))): nothing overflows, and logsumexp([0, -40]) is 4.2e-18, not 0; -∞ of no entries. */
export const logsumexp = reduction(logsumexpOp);

/** exp(x) / sum(exp(x)) along an axis, the last by default. Large arguments cost no digits. */
export function softmax(x: Tensor, axis = -1): Tensor {
  requireFloat("softmax", requireTensor("softmax", x).dtype);
  return softmaxOver(x, [normalizeAxis("softmax", axis, x.rank)]);
}

/** x - logsumexp(x) along an axis, the last by default. Large arguments cost no digits. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  requireFloat("logSoftmax", requireTensor("logSoftmax", x).dtype);
  if (x.shape[normalizeAxis("logSoftmax", axis, x.rank)] === 0) return x;
  const centered = sub(x, shiftOf(max(x, axis, { keepDims: true })));
  return sub(centered, logsumexp(centered, axis, { keepDims: true }));
}

function softmaxOver(x: Tensor, axes: readonly number[]): Tensor {
  if (isEmpty(x.shape, axes)) return x;
  const e = exp(sub(x, shiftOf(max(x, axes, { keepDims: true }))));
  return div(e, sum(e, axes, { keepDims: true }));
}

/** What the entries are shifted by: their maximum, as a constant. An infinite one must not be subtracted from itself. */
function shiftOf(top: Tensor): Tensor {
  return stopGradient(where(equal(abs(top), Number.POSITIVE_INFINITY), 0, top));
}

const normOp: Op<AxesAttrs> = {
  name: "norm",
  infer: ([x], { axes }) => ({ shape: without(x.shape, axes), dtype: requireFloat("norm", x.dtype) }),
  evaluate: ([x], { axes }) => {
    requireFloat("norm", x.dtype);
    const unit = unitOf(x, axes);
    return reshape(mul(lengthOf(div(x, unit), axes), unit), without(x.shape, axes));
  },
  linearize: ({ inputs: [x], attrs: { axes } }) => {
    const scaled = div(x, unitOf(x, axes));
    const length = lengthOf(scaled, axes);
    return [scaleMap(where(equal(length, 0), 0, div(scaled, length))), summation(axes, x.shape)];
  },
};

/** Euclidean norm, where no square over- or underflows; its derivative at 0 is 0. */
export const norm = reduction(normOp);

const lengthOf = (x: Tensor, axes: readonly number[]): Tensor =>
  sqrt(sum(square(x), axes, { keepDims: true }));

/** A power of two near the largest entry, as a constant: entries are scaled by it without rounding. */
function unitOf(x: Tensor, axes: readonly number[]): Tensor {
  if (isEmpty(x.shape, axes)) return asTensor(1, x.dtype);
  const most = x.dtype === "float32" ? 120 : 1000;
  const exponent = floor(mul(log(max(abs(x), axes, { keepDims: true })), 1 / Math.LN2));
  return stopGradient(pow(asTensor(2, x.dtype), clip(exponent, -most, most)));
}

interface CumsumAttrs {
  readonly axis: number;
  readonly reverse: boolean;
}

const cumsumOp: Op<CumsumAttrs> = {
  name: "cumsum",
  infer: ([x]) => ({ shape: x.shape, dtype: counted(x.dtype) }),
  linearize: ({ inputs: [x], attrs }) => [
    {
      kind: "stencil",
      name: "cumsum",
      forward: (t) => apply(cumsumOp, [t], attrs),
      transpose: (ct) => apply(cumsumOp, [ct], { ...attrs, reverse: !attrs.reverse }),
      chain: () => {
        const n = x.shape[attrs.axis];
        const ones = Array.from({ length: n * n }, (_, at) => {
          const [i, j] = [Math.floor(at / n), at % n];
          return (attrs.reverse ? j >= i : j <= i) ? 1 : 0;
        });
        const labels = x.shape.map((_, i) => `${i}`);
        const out = labels.map((l, i) => (i === attrs.axis ? "out" : l));
        return [contraction(fromMatrix(ones, [n, n], x.dtype), labels, ["out", `${attrs.axis}`], out)];
      },
    },
  ],
};

/** Running sum along an axis, of booleans in int32; `reverse` runs from the end. */
export function cumsum(x: Tensor, axis = 0, options?: { readonly reverse?: boolean }): Tensor {
  const at = normalizeAxis("cumsum", axis, requireTensor("cumsum", x).rank);
  const { reverse = false } = optionsOf("cumsum", options, { reverse: flag });
  return apply(cumsumOp, [x], { axis: at, reverse });
}

const argmaxOp: Op<{ readonly axis: number }> = {
  name: "argmax",
  infer: ([x], { axis }) => {
    requireEntries("argmax", x.shape, [axis]);
    return { shape: without(x.shape, [axis]), dtype: "int32" };
  },
  linearize: null,
};

/** Position of the largest entry along an axis (the first of equals), as int32. */
export function argmax(x: Tensor, axis = -1): Tensor {
  return apply(argmaxOp, [x], { axis: normalizeAxis("argmax", axis, requireTensor("argmax", x).rank) });
}

/** Broadcasts a reduced tensor back over the reduced axes: the transpose of a sum. */
export function unsum(ct: Tensor, axes: readonly number[], from: Shape): Tensor {
  return broadcastTo(reshape(ct, kept(from, axes)), from);
}

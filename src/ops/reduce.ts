import { requireFloat } from "../core/dtype.js";
import { ShapeError } from "../core/errors.js";
import { formatShape, normalizeAxes, normalizeAxis, type Shape } from "../core/shape.js";
import { apply } from "../tensor/apply.js";
import { contraction, scale as scaleMap, summation } from "../tensor/linear-map.js";
import type { Op } from "../tensor/op.js";
import type { Tensor } from "../tensor/tensor.js";
import { cast } from "./cast.js";
import { equal } from "./compare.js";
import { fromMatrix } from "./matrices.js";
import { abs, add, div, exp, log, mul, neg, sqrt, square, sub } from "./pointwise.js";
import { where } from "./select.js";
import { stopGradient } from "./stop-gradient.js";
import { broadcastTo, reshape, slice } from "./views.js";

export interface ReduceOptions {
  /** Keep the reduced axes with size 1. */
  readonly keepDims?: boolean;
}

/** An axis, several, or all. */
export type Axes = number | readonly number[];

const without = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));
const kept = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((d, i) => (axes.includes(i) ? 1 : d));

interface AxesAttrs {
  readonly axes: readonly number[];
}

const sumOp: Op<AxesAttrs> = {
  name: "sum",
  infer: ([x], { axes }) => ({
    shape: without(x.shape, axes),
    dtype: x.dtype === "bool" ? "int32" : x.dtype,
  }),
  linearize: ({ inputs: [x], attrs }) => [summation(attrs.axes, x.shape)],
};

const maxOp: Op<AxesAttrs> = {
  name: "max",
  infer: ([x], { axes }) => {
    if (axes.some((a) => x.shape[a] === 0))
      throw new ShapeError(
        `max: expected at least one entry along each reduced axis, got ${formatShape(x.shape)}`,
      );
    return { shape: without(x.shape, axes), dtype: x.dtype };
  },
  // entries that tie for the maximum share its derivative equally
  linearize: ({ inputs: [x], output, attrs: { axes } }) => {
    const shape = kept(x.shape, axes);
    const winners = cast(equal(x, reshape(output, shape)), x.dtype);
    return [scaleMap(div(winners, sum(winners, axes, { keepDims: true }))), summation(axes, x.shape)];
  },
};

function reduction(op: Op<AxesAttrs>): (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor {
  return (x, axes, options) => {
    const list = normalizeAxes(op.name, axes, x.rank);
    const out = apply(op, [x], { axes: list });
    return options?.keepDims ? reshape(out, kept(x.shape, list)) : out;
  };
}

export const sum = reduction(sumOp);
export const max = reduction(maxOp);

export function min(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return neg(max(neg(x), axes, options));
}

export function mean(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  requireFloat("mean", x.dtype);
  let n = 1;
  for (const a of normalizeAxes("mean", axes, x.rank)) n *= x.shape[a];
  return mul(sum(x, axes, options), 1 / n);
}

/** Mean squared deviation from the mean (no Bessel correction). */
export function variance(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return mean(square(sub(x, mean(x, axes, { keepDims: true }))), axes, options);
}

/** Product, halved pairwise so that its derivatives of every order are right where entries are zero. */
export function prod(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const list = normalizeAxes("prod", axes, x.rank);
  let out = x;
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
  return options?.keepDims ? out : reshape(out, without(out.shape, list));
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

/** log(sum(exp(x))), shifted by the maximum so that nothing overflows. */
export function logsumexp(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  const list = normalizeAxes("logsumexp", axes, x.rank);
  const top = stopGradient(max(x, list, { keepDims: true }));
  // an infinite maximum must not be subtracted from itself
  const shift = where(equal(abs(top), Number.POSITIVE_INFINITY), 0, top);
  const out = add(log(sum(exp(sub(x, shift)), list, { keepDims: true })), shift);
  return options?.keepDims ? out : reshape(out, without(x.shape, list));
}

/** exp(x) / sum(exp(x)) along an axis, the last by default. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return exp(logSoftmax(x, axis));
}

export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return sub(x, logsumexp(x, axis, { keepDims: true }));
}

/** Euclidean norm; its derivative at 0 is 0. */
export function norm(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return sqrt(sum(square(x), axes, options));
}

interface CumsumAttrs {
  readonly axis: number;
  readonly reverse: boolean;
}

const cumsumOp: Op<CumsumAttrs> = {
  name: "cumsum",
  infer: ([x]) => ({ shape: x.shape, dtype: x.dtype }),
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

/** Running sum along an axis; `reverse` runs from the end. */
export function cumsum(x: Tensor, axis = 0, options: { readonly reverse?: boolean } = {}): Tensor {
  return apply(cumsumOp, [x], {
    axis: normalizeAxis("cumsum", axis, x.rank),
    reverse: options.reverse ?? false,
  });
}

const argmaxOp: Op<{ readonly axis: number }> = {
  name: "argmax",
  infer: ([x], { axis }) => {
    if (x.shape[axis] === 0)
      throw new ShapeError(`argmax: expected at least one entry, got ${formatShape(x.shape)}`);
    return { shape: without(x.shape, [axis]), dtype: "int32" };
  },
  linearize: null,
};

/** Position of the largest entry along an axis (the first of equals), as int32. */
export function argmax(x: Tensor, axis = -1): Tensor {
  return apply(argmaxOp, [x], { axis: normalizeAxis("argmax", axis, x.rank) });
}

/** Broadcasts a reduced tensor back over the reduced axes: the transpose of a sum. */
export function unsum(ct: Tensor, axes: readonly number[], from: Shape): Tensor {
  return broadcastTo(reshape(ct, kept(from, axes)), from);
}

import { isFloat } from "../../core/dtype.js";
import { ArgumentError, DTypeError } from "../../core/errors.js";
import { kind } from "../../core/kinds.js";
import { fillTree, type Leaf, leavesOf } from "../../core/tree.js";
import { at } from "../../core/tree-path.js";
import { cast } from "../../ops/cast.js";
import { greater } from "../../ops/compare.js";
import { scalar } from "../../ops/create.js";
import { stack } from "../../ops/join.js";
import { div, mul } from "../../ops/pointwise.js";
import { norm as normOf } from "../../ops/reduce.js";
import { where } from "../../ops/select.js";
import { primalOf } from "../../tensor/apply.js";
import { allFinite, entries } from "../../tensor/read.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

const notNegative = kind("a number of at least 0", (v) => typeof v === "number" && v >= 0);

/**
 * The gradient, of float tensors, scaled down so that its Euclidean norm over all tensors is at most `limit`, and that norm
 * before, a float64 scalar. No square over- or underflows on the way. Written with ops, so that `compile` replays it (and a
 * replay refuses what a call would) and derivatives pass through it.
 * @throws DTypeError for integers
 * @throws ArgumentError for a gradient that is not finite, of which no share is a step; and for a norm beyond float64
 */
export function clipByNorm<P>(gradient: P, limit: number): { readonly gradient: P; readonly norm: Tensor } {
  notNegative("clipByNorm", "the limit", limit);
  const leaves = leavesOf<Tensor>(gradient, isTensor, "clipByNorm");
  for (const { path, value } of leaves)
    if (!isFloat(value.dtype))
      throw new DTypeError(`clipByNorm: expected float tensors, got ${value.dtype}${at(path)}`);
  const wide = leaves.map(({ value }) => cast(value, "float64"));
  const norm = wide.length === 0 ? scalar(0) : normOf(stack(wide.map((g) => normOf(g))));
  if (!allFinite(primalOf(norm))) throw notFinite(leaves);
  const isLong = greater(norm, limit);
  const [whole, part] = [where(isLong, norm, 1), where(isLong, limit, 1)];
  // in this order: limit / norm may underflow
  const clipped = wide.map((g, i) => cast(mul(div(g, whole), part), leaves[i].value.dtype));
  return { gradient: fillTree(gradient, isTensor, clipped) as P, norm };
}

function notFinite(leaves: readonly Leaf<Tensor>[]): ArgumentError {
  for (const { path, value } of leaves)
    for (const g of entries(primalOf(value)))
      if (!Number.isFinite(g))
        return new ArgumentError(`clipByNorm: expected a gradient of finite numbers, got ${g}${at(path)}`);
  return new ArgumentError("clipByNorm: expected a gradient whose norm is finite, got one beyond float64");
}

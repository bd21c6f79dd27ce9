/** A term multiplied out: where a map needs the entries themselves, and where a state leaves an area. */

import { sizeOf } from "../core/shape.js";
import { onesLike, scalar } from "../ops/create.js";
import { stack } from "../ops/join.js";
import { applyMap } from "../ops/linear.js";
import { select, takeIndex } from "../ops/take.js";
import { broadcastTo, permute, reshape } from "../ops/views.js";
import type { LinearMap, TakeMap } from "../tensor/linear-map.js";
import { allFinite } from "../tensor/read.js";
import { type Axis, type Factor, fresh, product, strongProduct } from "./factor.js";
import { dense, isUnknown, known, type Tangent, type Term } from "./term.js";

/** What the rules need to know about the source and the op at hand. */
export interface Context {
  readonly params: readonly Axis[];
  readonly dtype: Tangent["dtype"];
  /** Op and source line, for plans. */
  readonly by: string;
}

/** The term as one dense base that carries the value axes at `positions`, with their ties broken. */
export function expand(term: Term, positions: readonly number[], { params, dtype }: Context): Term {
  const whole = settleTerm(term, params) ?? { axes: [], tensor: scalar(1, dtype) };
  let { axes: carried, tensor } = whole;
  const axes = [...term.axes];
  for (const i of positions) {
    const axis = axes[i];
    if (params.includes(axis)) {
      const value = fresh(axis.size);
      const at = carried.indexOf(axis);
      if (at < 0) {
        tensor = broadcastTo(reshape(tensor, [1, ...tensor.shape]), [axis.size, ...tensor.shape]);
        carried = [axis, ...carried];
      }
      const from = Math.max(0, at);
      tensor = takeIndex(tensor, from, diagonal(axis.size));
      carried = [...carried.slice(0, from), value, ...carried.slice(from)];
      axes[i] = value;
    } else if (!carried.includes(axis)) {
      tensor = broadcastTo(reshape(tensor, [1, ...tensor.shape]), [axis.size, ...tensor.shape]);
      carried = [axis, ...carried];
    }
  }
  return { axes, coefficient: null, base: dense({ axes: carried, tensor }), lost: term.lost };
}

/** An index that spreads n entries over the diagonal of [n, n]. */
export function diagonal(n: number): TakeMap["index"] {
  const at = new Int32Array(n * n).fill(-1);
  for (let i = 0; i < n; i++) at[i * n + i] = i;
  return { shape: [n, n], at };
}

/** coefficient * base with bound names summed; `null` is one. */
export function settleTerm(term: Term, params: readonly Axis[], multiply = product): Factor | null {
  const base = known(term.base);
  const all = [...(term.coefficient?.axes ?? []), ...(base?.axes ?? [])];
  const bound = all.filter((a) => !term.axes.includes(a) && !params.includes(a));
  return multiply(term.coefficient, base, bound);
}

/** A coefficient that is not finite is multiplied out before any sum, so that zeros of the base win over it. */
export function settleInfinite(term: Term, { params }: Context): Term {
  if (term.coefficient === null || isUnknown(term.base) || allFinite(term.coefficient.tensor)) return term;
  const whole = settleTerm(term, params, strongProduct);
  return { ...term, coefficient: null, base: whole && dense(whole) };
}

/** The fallback for maps that are given only by how they act: one application per entry of the source. */
export function entryByEntry(map: LinearMap, term: Term, context: Context): Term {
  const { params } = context;
  const all = term.axes.map((_, i) => i);
  const open = expand(term, all, context);
  const base = known(open.base) as Factor;
  const rest = base.axes.filter((a) => !open.axes.includes(a));
  const order = [...rest, ...open.axes].map((a) => base.axes.indexOf(a));
  const count = sizeOf(rest.map((a) => a.size));
  const shape = open.axes.map((a) => a.size);
  const flat = reshape(permute(base.tensor, order), [count, ...shape]);
  const first = applyMap(map, count > 0 ? select(flat, 0, 0) : onesLike(scalar(1, context.dtype)));
  const slices = Array.from({ length: count }, (_, i) =>
    i === 0 ? first : applyMap(map, select(flat, 0, i)),
  );
  const axes = first.shape.map(fresh);
  const tensor = reshape(stack(slices), [...rest.map((a) => a.size), ...first.shape]);
  const carried = [...rest, ...axes];
  return {
    axes,
    coefficient: null,
    base: dense({ axes: carried, tensor }),
    lost: params.length ? open.lost : [],
  };
}

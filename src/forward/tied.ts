/**
 * Tied tangents: how each kind of linear map acts on a term. This is the whole list;
 * whatever a cell is made of, the structure of its influence follows from these rules.
 */
import { type Shape, sameShape, sizeOf } from "../core/shape.js";
import { onesLike, scalar } from "../ops/create.js";
import { applyMap } from "../ops/linear.js";
import { indexMask, selector } from "../ops/matrices.js";
import { broadcastTo, permute, reshape, select, stack, takeIndex } from "../ops/reindex.js";
import { contraction, type LinearMap, type TakeMap } from "../tensor/linear-map.js";
import { entries } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import type { TangentAlgebra } from "./dual.js";
import { Axis, type Factor, product, squeezeOut, sumOver } from "./factor.js";
import {
  addTangents,
  allFinite,
  type Base,
  type DerivedBase,
  dense,
  known,
  type Loss,
  type Tangent,
  type Term,
} from "./term.js";

/** What the rules need to know about the source and the op at hand. */
interface Context {
  readonly params: readonly Axis[];
  readonly dtype: Tangent["dtype"];
  /** Op and source line, for plans. */
  readonly by: string;
}

const fresh = (size: number): Axis => new Axis(size, `${size}`);
const carries = (f: { readonly axes: readonly Axis[] } | null, a: Axis): boolean =>
  f?.axes.includes(a) ?? false;
const isUnknown = (base: Base | null): base is Exclude<Base, { kind: "dense" }> =>
  base !== null && base.kind !== "dense";

/** Tangents as lazy sums of tied terms. */
export const tiedTangents: TangentAlgebra<Tangent> = {
  applyMaps(maps, tangent, by) {
    const context: Context = { params: tangent.params, dtype: tangent.dtype, by };
    const terms = tangent.terms.map((term) =>
      maps.reduce((t, map) => noteLoss(term, applyToTerm(map, t, context), context), term),
    );
    return { ...tangent, terms };
  },
  add: addTangents,
};

/** Remembers the op that a tie did not survive. */
function noteLoss(before: Term, after: Term, { params, by }: Context): Term {
  const lost: Loss[] = before.axes
    .filter((a) => params.includes(a) && !after.axes.includes(a) && !after.lost.some((l) => l.axis === a))
    .map((axis) => ({ axis, by }));
  return lost.length ? { ...after, lost: [...after.lost, ...lost] } : after;
}

export function applyToTerm(map: LinearMap, term: Term, context: Context): Term {
  switch (map.kind) {
    case "scale":
      return scaleTerm(term, map.by);
    case "contract":
      return contractTerm(map, settleInfinite(term, context), context);
    case "permute":
      return { ...term, axes: map.order.map((i) => term.axes[i]) };
    case "broadcast":
      return broadcastTerm(term, map.from, map.to, context);
    case "sum":
      return sumTerm(settleInfinite(term, context), map.axes, context);
    case "reshape":
      return reshapeTerm(term, map.from, map.to, context);
    case "take":
      return takeTerm(term, map, context);
    case "put": {
      const { axis, index, size } = map;
      const labels = term.axes.map((_, i) => `${i}`);
      const moved = index.shape.map((_, j) => `${axis + j}`);
      const out = [...labels.slice(0, axis), "put", ...labels.slice(axis + moved.length)];
      const matrix = contraction(selector(index, size, context.dtype), labels, [...moved, "put"], out);
      return contractTerm(matrix as Extract<LinearMap, { kind: "contract" }>, term, context);
    }
    case "stencil":
      return map.chain
        ? map.chain().reduce((t, m) => applyToTerm(m, t, context), term)
        : entryByEntry(map, term, context);
  }
}

/** Scaling touches the coefficient only. */
function scaleTerm(term: Term, by: Tensor): Term {
  const lead = term.axes.length - by.rank;
  const axes = term.axes.slice(lead).filter((_, i) => by.shape[i] !== 1);
  const factor = {
    axes,
    tensor: reshape(
      by,
      axes.map((a) => a.size),
    ),
  };
  return { ...term, coefficient: product(term.coefficient, factor) };
}

function contractTerm(map: Extract<LinearMap, { kind: "contract" }>, term: Term, { params }: Context): Term {
  const axisOf = new Map(map.inLabels.map((label, i) => [label, term.axes[i]]));
  map.withLabels.forEach((label, i) => {
    if (!axisOf.has(label)) axisOf.set(label, fresh(map.with.shape[i]));
  });
  const named = (label: string): Axis => axisOf.get(label) as Axis;
  const by: Factor = { axes: map.withLabels.map(named), tensor: map.with };
  const gone = map.inLabels.filter((label) => !map.outLabels.includes(label)).map(named);
  // a parameter axis is not summed: the other factor joins the coefficient, and the axis is a parameter axis only;
  // an axis that the base carries is bound and summed when settled; the rest is summed now
  const over = gone.filter((a) => !params.includes(a) && !carries(term.base, a));
  const axes = map.outLabels.map(named);
  if (term.coefficient === null && term.base === null)
    return { ...term, axes, base: dense(sumOver(by, over)) };
  return { ...term, axes, coefficient: product(term.coefficient, by, over) };
}

function sumTerm(term: Term, positions: readonly number[], { params, dtype }: Context): Term {
  let { coefficient } = term;
  for (const i of positions) {
    const axis = term.axes[i];
    if (params.includes(axis) || carries(term.base, axis)) continue;
    coefficient = carries(coefficient, axis)
      ? product(coefficient, null, [axis])
      : product(coefficient, { axes: [], tensor: scalar(axis.size, dtype) });
  }
  return { ...term, coefficient, axes: term.axes.filter((_, i) => !positions.includes(i)) };
}

/** New and stretched axes get new names: along them the tangent is constant. */
function broadcastTerm(term: Term, from: Shape, to: Shape, { params }: Context): Term {
  const lead = to.length - from.length;
  const stretched = term.axes.filter((_, i) => from[i] === 1 && to[lead + i] !== 1);
  const axes = to.map((n, i) =>
    i < lead || stretched.includes(term.axes[i - lead]) ? fresh(n) : term.axes[i - lead],
  );
  return dropSizeOne(
    { ...term, axes },
    stretched.filter((a) => !params.includes(a)),
  );
}

function dropSizeOne(term: Term, axes: readonly Axis[]): Term {
  if (axes.length === 0) return term;
  const coefficient = term.coefficient && squeezeOut(term.coefficient, axes);
  const base = term.base?.kind === "dense" ? dense(squeezeOut(term.base, axes)) : term.base;
  return { ...term, coefficient, base };
}

/** Runs of axes with equal products: how a reshape cuts into independent parts. */
function groups(from: Shape, to: Shape): { from: [number, number]; to: [number, number] }[] {
  const found: { from: [number, number]; to: [number, number] }[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const [i0, j0] = [i, j];
    let a = i < from.length ? from[i++] : 1;
    let b = j < to.length ? to[j++] : 1;
    if (a !== b && a === 1 && j0 < to.length) {
      // a size-1 axis that went away
      j = j0;
      b = 1;
    } else if (a !== b && b === 1) {
      i = i0;
      a = 1;
    } else if (j0 >= to.length) b = 1;
    else if (i0 >= from.length) a = 1;
    while (a !== b) {
      if (a < b) a *= from[i++];
      else b *= to[j++];
    }
    found.push({ from: [i0, i], to: [j0, j] });
  }
  return found;
}

function reshapeTerm(term: Term, from: Shape, to: Shape, context: Context): Term {
  if (sizeOf(from) === 0) return entryByEntry({ kind: "reshape", from, to }, term, context);
  // later groups first, so that positions of earlier ones stay
  return groups(from, to).reduceRight((t, g) => regroup(t, g.from, to.slice(...g.to), context), term);
}

/** Replaces the value axes [start, end) by axes of the given sizes. */
function regroup(term: Term, [start, end]: readonly [number, number], sizes: Shape, context: Context): Term {
  const old = term.axes.slice(start, end);
  if (old.length === sizes.length && old.every((a, i) => a.size === sizes[i])) return term;
  const replace = (axes: readonly Axis[]): Axis[] => [
    ...term.axes.slice(0, start),
    ...axes,
    ...term.axes.slice(end),
  ];
  if (old.every((a) => a.size === 1) && sizes.every((n) => n === 1)) {
    const kept = dropSizeOne(
      term,
      old.filter((a) => !context.params.includes(a)),
    );
    return { ...kept, axes: replace(sizes.map(fresh)) };
  }
  const involved = old.some(
    (a) => context.params.includes(a) || carries(term.coefficient, a) || carries(term.base, a),
  );
  if (!involved) return { ...term, axes: replace(sizes.map(fresh)) };
  const shape = term.axes.map((a) => a.size);
  const target = [...shape.slice(0, start), ...sizes, ...shape.slice(end)];
  if (isUnknown(term.base))
    return later(term, { kind: "reshape", from: shape, to: target }, replace(sizes.map(fresh)));
  const positions = old.map((_, i) => start + i);
  const open = expand(term, positions, context);
  const base = known(open.base) as Factor;
  const group = open.axes.slice(start, end);
  const rest = base.axes.filter((a) => !group.includes(a));
  const order = [...group, ...rest].map((a) => base.axes.indexOf(a));
  const axes = sizes.map(fresh);
  const tensor = reshape(permute(base.tensor, order), [...sizes, ...rest.map((a) => a.size)]);
  return { ...open, axes: replace(axes), base: dense({ axes: [...axes, ...rest], tensor }) };
}

function takeTerm(term: Term, map: TakeMap, context: Context): Term {
  const { axis: at, index, size } = map;
  const old = term.axes[at];
  const axes = index.shape.map(fresh);
  const replaced = [...term.axes.slice(0, at), ...axes, ...term.axes.slice(at + 1)];
  const tied = context.params.includes(old);
  if (!tied && !carries(term.coefficient, old) && !carries(term.base, old)) {
    const holes = index.at.includes(-1);
    const mask = holes ? { axes, tensor: indexMask(index, context.dtype) } : null;
    return { ...term, axes: replaced, coefficient: product(term.coefficient, mask) };
  }
  if (isUnknown(term.base)) return later(term, map, replaced);
  if (tied) {
    const matrix = { axes: [...axes, old], tensor: selector(index, size, context.dtype) };
    return { ...term, axes: replaced, coefficient: product(term.coefficient, matrix) };
  }
  const taken = (f: Factor | null): Factor | null => {
    if (f === null || !carries(f, old)) return f;
    const i = f.axes.indexOf(old);
    return {
      axes: [...f.axes.slice(0, i), ...axes, ...f.axes.slice(i + 1)],
      tensor: takeIndex(f.tensor, i, index),
    };
  };
  const base = taken(known(term.base));
  return { ...term, axes: replaced, coefficient: taken(term.coefficient), base: base && dense(base) };
}

const moved = new WeakMap<Base, DerivedBase[]>();

/** Entries of a state's tangent are moved once it is known; the same move of the same base is one base. */
function later(term: Term, map: LinearMap, axes: readonly Axis[]): Term {
  const base: DerivedBase = { kind: "derived", source: term, map, axes };
  if (term.base === null || term.coefficient !== null)
    return { axes, coefficient: null, base, lost: term.lost };
  const before = moved.get(term.base) ?? [];
  const same = before.find((d) => sameMove(d.map, map) && d.source.axes.every((a, i) => a === term.axes[i]));
  if (same) return { axes: same.axes, coefficient: null, base: same, lost: term.lost };
  moved.set(term.base, [...before, base]);
  return { axes, coefficient: null, base, lost: term.lost };
}

function sameMove(a: LinearMap, b: LinearMap): boolean {
  if (a.kind === "take" && b.kind === "take") return a.axis === b.axis && a.index === b.index;
  return a.kind === "reshape" && b.kind === "reshape" && sameShape(a.to, b.to);
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
export function settleTerm(term: Term, params: readonly Axis[]): Factor | null {
  const base = known(term.base);
  const all = [...(term.coefficient?.axes ?? []), ...(base?.axes ?? [])];
  const bound = all.filter((a) => !term.axes.includes(a) && !params.includes(a));
  return product(term.coefficient, base, bound);
}

/** A coefficient that is not finite is multiplied out before any sum, so that zeros of the base win over it. */
function settleInfinite(term: Term, { params }: Context): Term {
  if (term.coefficient === null || isUnknown(term.base) || allFinite(term.coefficient.tensor, entries))
    return term;
  const whole = settleTerm(term, params);
  return { ...term, coefficient: null, base: whole && dense(whole) };
}

/** The fallback for maps that are given only by how they act: one application per entry of the source. */
function entryByEntry(map: LinearMap, term: Term, context: Context): Term {
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

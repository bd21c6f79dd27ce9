/** How maps that move entries act on a term: what keeps its axes keeps its ties. */
import { type Shape, sameShape, sizeOf } from "../core/shape.js";
import { indexMask, selector } from "../ops/matrices.js";
import { takeIndex } from "../ops/take.js";
import { permute, reshape } from "../ops/views.js";
import type { LinearMap, TakeMap } from "../tensor/linear-map.js";
import { type Context, entryByEntry, expand } from "./expand.js";
import { type Axis, carries, type Factor, fresh, product, squeezeOut } from "./factor.js";
import { type Base, type DerivedBase, dense, isUnknown, known, type Term } from "./term.js";

/** New and stretched axes get new names: along them the tangent is constant. */
export function broadcastTerm(term: Term, from: Shape, to: Shape, { params }: Context): Term {
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

export function reshapeTerm(term: Term, from: Shape, to: Shape, context: Context): Term {
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

export function takeTerm(term: Term, map: TakeMap, context: Context): Term {
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
export function later(term: Term, map: DerivedBase["map"], axes: readonly Axis[]): Term {
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
  if (a.kind === "stencil") return a === b;
  return a.kind === "reshape" && b.kind === "reshape" && sameShape(a.to, b.to);
}

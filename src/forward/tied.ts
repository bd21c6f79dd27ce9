/**
 * Tied tangents: how each kind of linear map acts on a term. This is the whole list;
 * whatever a cell is made of, the structure of its influence follows from these rules.
 */
import type { DType } from "../core/dtype.js";
import { scalar } from "../ops/create.js";
import { selector } from "../ops/matrices.js";
import { reshape } from "../ops/views.js";
import { abstractTensor } from "../tensor/apply.js";
import { contraction, type LinearMap, type Paths, type Stencil } from "../tensor/linear-map.js";
import type { Tensor } from "../tensor/tensor.js";
import type { TangentAlgebra } from "./dual.js";
import { type Context, entryByEntry, settleInfinite } from "./expand.js";
import { type Axis, asDType, carries, type Factor, fresh, product, sumOver } from "./factor.js";
import { broadcastTerm, later, reshapeTerm, takeTerm } from "./reindex-term.js";
import { addTangents, type Base, dense, isUnknown, type Loss, type Tangent, type Term } from "./term.js";

/** Tangents as lazy sums of tied terms. */
export const tiedTangents: TangentAlgebra<Tangent> = {
  applyMaps(maps, tangent, by) {
    return maps.reduce((t, map) => applyToTangent(map, t, by), tangent);
  },
  add: addTangents,
  tensors: ({ terms }) => terms.flatMap(tensorsOf),
  reading: "tied forward derivative",
};

function applyToTangent(map: LinearMap, tangent: Tangent, by: string): Tangent {
  if (map.kind === "paths") return alongPaths(map, tangent, by);
  const context: Context = { params: tangent.params, dtype: tangent.dtype, by };
  const terms = tangent.terms.map((term) => noteLoss(term, applyToTerm(map, term, context), context));
  return map.kind === "cast" ? { ...tangent, dtype: map.to, terms } : { ...tangent, terms };
}

/** Ways that end in the same base add their coefficients, as uses of one value do. */
function alongPaths({ steps }: Paths, tangent: Tangent, by: string): Tangent {
  const values = [tangent];
  for (const { terms } of steps)
    values.push(
      terms
        .map(({ from, maps }) => tiedTangents.applyMaps(maps, values[from], by))
        .reduce((a, b) => addTangents(a, b)),
    );
  return values[values.length - 1];
}

function tensorsOf({ coefficient, base }: Term): Tensor[] {
  const below =
    base === null || base.kind === "state"
      ? []
      : base.kind === "dense"
        ? [base.tensor]
        : tensorsOf(base.source);
  return coefficient === null ? below : [coefficient.tensor, ...below];
}

/** Remembers the op that a tie did not survive. */
function noteLoss(before: Term, after: Term, { params, by }: Context): Term {
  const lost: Loss[] = before.axes
    .filter((a) => params.includes(a) && !after.axes.includes(a) && !after.lost.some((l) => l.axis === a))
    .map((axis) => ({ axis, by }));
  return lost.length ? { ...after, lost: [...after.lost, ...lost] } : after;
}

/** One map on one term; several ways at once make more than one term of it. */
export function applyToTerm(map: Exclude<LinearMap, Paths>, term: Term, context: Context): Term {
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
    case "cast":
      return castTerm(term, map.to);
    case "stencil":
      if (map.chain)
        return map.chain().reduce((t, m) => applyToTerm(m as Exclude<LinearMap, Paths>, t, context), term);
      return isUnknown(term.base) ? acted(map, term, context) : entryByEntry(map, term, context);
  }
}

const castBases = new WeakMap<Base, Map<DType, Base>>();

/** Known factors are cast; the tangent of a state stays as its trace holds it. One base cast twice is one base. */
function castTerm(term: Term, to: DType): Term {
  const coefficient = term.coefficient && asDType(term.coefficient, to);
  const { base } = term;
  if (base?.kind !== "dense") return { ...term, coefficient };
  const known = castBases.get(base) ?? new Map<DType, Base>();
  castBases.set(base, known);
  const moved = known.get(to) ?? dense(asDType(base, to));
  known.set(to, moved);
  return { ...term, coefficient, base: moved };
}

/** What is given only by how it acts waits until the entries are known. */
function acted(map: Stencil, term: Term, { dtype }: Context): Term {
  const shape = term.axes.map((a) => a.size);
  const out = map.forward(abstractTensor({ shape, dtype }));
  return later(term, map, out.shape.map(fresh));
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

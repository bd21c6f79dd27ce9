/**
 * Tied tangents: how each kind of linear map acts on a term. This is the whole list;
 * whatever a cell is made of, the structure of its influence follows from these rules.
 */
import { scalar } from "../ops/create.js";
import { selector } from "../ops/matrices.js";
import { reshape } from "../ops/views.js";
import { contraction, type LinearMap } from "../tensor/linear-map.js";
import type { Tensor } from "../tensor/tensor.js";
import type { TangentAlgebra } from "./dual.js";
import { type Context, entryByEntry, settleInfinite } from "./expand.js";
import { type Axis, carries, type Factor, fresh, product, sumOver } from "./factor.js";
import { broadcastTerm, reshapeTerm, takeTerm } from "./reindex-term.js";
import { addTangents, dense, type Loss, type Tangent, type Term } from "./term.js";

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
  tensors: ({ terms }) => terms.flatMap(tensorsOf),
  reading: "tied forward derivative",
};

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

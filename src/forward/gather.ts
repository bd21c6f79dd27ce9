/** Tangents of many terms as one: the algebra of a cell makes a few, every layer of a deep feed-forward drive multiplies them. */
import type { Shape } from "../core/shape.js";
import { type Context, expand, settleTerm } from "./expand.js";
import { type Axis, type Factor, fresh, product, rename } from "./factor.js";
import { settle } from "./settle.js";
import { dense, type Loss, type StateBase, type Tangent, type Term } from "./term.js";
import { applyToTerm } from "./tied.js";

/** More than the algebra of any cell makes: what is a handful of small coefficients stays one. */
const most = 16;

/**
 * The same tangent of a value of this shape in one term, where it has many: its numbers are formed, with the ties that all of its
 * terms have. What is known by a state's name alone keeps the name, and has the derivative by that state as its coefficient.
 */
export function gathered(tangent: Tangent, shape: Shape, by: string): Tangent {
  const { params, dtype, terms } = tangent;
  if (terms.length <= most) return tangent;
  const context: Context = { params, dtype, by };
  const { values, ties } = settle(
    { ...tangent, terms: terms.map((term) => opened(term, context)) },
    shape,
    params,
    dtype,
  );
  const axes = shape.map(fresh);
  ties.forEach((at, i) => {
    if (at !== null) axes[at] = params[i];
  });
  const factor: Factor = { axes: [...axes, ...params.filter((_, i) => ties[i] === null)], tensor: values };
  const state = stateOf(terms[0]);
  const lost = lossesOf(terms, axes, context);
  const term: Term =
    state === null
      ? { axes, coefficient: null, base: dense(factor), lost }
      : { axes, coefficient: factor, base: state, lost };
  return { ...tangent, terms: [term] };
}

/** The state that a term knows by its name; all terms of one tangent know the same, or none. */
function stateOf({ base }: Term): StateBase | null {
  if (base === null || base.kind === "dense") return null;
  return base.kind === "state" ? base : stateOf(base.source);
}

/** A term with one in the place of the state's tangent: the derivative by the state, whose axes are then parameters. */
function opened(term: Term, context: Context): Term {
  const { base, coefficient } = term;
  if (base === null || base.kind === "dense") return term;
  if (base.kind === "state") return { ...term, base: null };
  const { params } = context;
  const moved = applyToTerm(base.map, opened(base.source, context), context);
  // where the name did not keep a tie that its derivative has, the name's word counts
  const untied = moved.axes.flatMap((a, i) => (params.includes(a) && base.axes[i] !== a ? [i] : []));
  const inner = untied.length > 0 ? expand(moved, untied, context) : moved;
  const settled = settleTerm(inner, params);
  const named = settled && rename(settled, new Map(inner.axes.map((a, i) => [a, base.axes[i]])));
  return { ...term, coefficient: product(coefficient, named), base: null };
}

function lossesOf(terms: readonly Term[], axes: readonly Axis[], { params, by }: Context): Loss[] {
  const before = terms.flatMap((term) => term.lost);
  const here = terms
    .flatMap((term) => term.axes)
    .filter((a) => params.includes(a) && !axes.includes(a))
    .map((axis) => ({ axis, by }));
  return [...before, ...here].filter(
    ({ axis }, i, all) => all.findIndex((other) => other.axis === axis) === i,
  );
}

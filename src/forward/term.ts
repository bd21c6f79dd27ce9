import type { DType } from "../core/dtype.js";
import type { LinearMap, Paths } from "../tensor/linear-map.js";

import { type Axis, type Factor, plus, rename } from "./factor.js";

/** A factor that is there. */
export interface DenseBase extends Factor {
  readonly kind: "dense";
}

/** A state by its name. */
export interface StateName {
  readonly area: number;
  readonly state: number;
  /** The states of the area that this one shares names of axes with. */
  readonly group: number;
  /** Before the step, or after it. */
  readonly when: "old" | "new";
}

/**
 * The tangent of a state, by the state's name until its entries are read: it stands for the state's trace, for whichever parameter
 * is asked about.
 */
export interface StateBase {
  readonly kind: "state";
  /** One name per axis of the state; a parameter's where the trace is tied to it. */
  readonly axes: readonly Axis[];
  readonly of: StateName;
}

/** Entries of an unknown tangent moved around, to be done once it is known. */
export interface DerivedBase {
  readonly kind: "derived";
  readonly source: Term;
  readonly map: Exclude<LinearMap, Paths>;
  /** Value axes after the map. */
  readonly axes: readonly Axis[];
}

export type Base = DenseBase | StateBase | DerivedBase;

/** Where a tie was lost, for plans. */
export interface Loss {
  readonly axis: Axis;
  readonly by: string;
}

/**
 * coefficient * base, a part of a tangent. Both carry any subset of the names; `null` is one. A name on neither
 * means constant along it; a name that is neither a value axis nor a parameter axis is bound: summed when settled.
 */
export interface Term {
  /** One name per axis of the value. A name that is also a parameter axis is a tie: zero off that diagonal. */
  readonly axes: readonly Axis[];
  readonly coefficient: Factor | null;
  readonly base: Base | null;
  readonly lost: readonly Loss[];
}

/** The derivative of a value with respect to one source: a sum of terms over value axes and the source's axes. */
export interface Tangent {
  /** Names of the source's axes: a parameter's, or a state's own. */
  readonly params: readonly Axis[];
  readonly dtype: DType;
  readonly terms: readonly Term[];
}

/** The tangent of a source with respect to itself: one term, both factors 1, every axis tied. */
export function seed(params: readonly Axis[], dtype: DType, base: Base | null = null): Tangent {
  return { params, dtype, terms: [{ axes: params, coefficient: null, base, lost: [] }] };
}

/** Terms with the same base and the same names add their coefficients; all others are appended. */
export function addTangents(a: Tangent, b: Tangent): Tangent {
  const terms = [...a.terms];
  for (const term of b.terms) {
    const at = terms.findIndex((t) => renaming(t, term, a.params) !== null);
    if (at < 0) {
      terms.push(term);
      continue;
    }
    const into = terms[at];
    const names = renaming(into, term, a.params) as ReadonlyMap<Axis, Axis>;
    const other = term.coefficient && rename(term.coefficient, names);
    terms[at] = { ...into, coefficient: plus(into.coefficient, other, a.dtype) };
  }
  return { ...a, terms };
}

/** How names of `b` turn into those of `a` when their coefficients may be added; `null` when they may not. */
function renaming(a: Term, b: Term, params: readonly Axis[]): ReadonlyMap<Axis, Axis> | null {
  if (a.base !== b.base) return null;
  const names = new Map<Axis, Axis>();
  const fixed = (x: Axis): boolean => params.includes(x) || (a.base?.axes.includes(x) ?? false);
  for (let i = 0; i < a.axes.length; i++) {
    const [x, y] = [a.axes[i], b.axes[i]];
    if (x === y) continue;
    if (fixed(x) || fixed(y)) return null;
    names.set(y, x);
  }
  return names;
}

export function dense(factor: Factor): DenseBase {
  return { kind: "dense", axes: factor.axes, tensor: factor.tensor };
}

/** Whether the entries of a base are known only once the traces it reads are. */
export const isUnknown = (base: Base | null): base is Exclude<Base, { kind: "dense" }> =>
  base !== null && base.kind !== "dense";

/** The base as a factor, where it is known. */
export function known(base: Base | null): Factor | null {
  if (base === null || base.kind === "dense") return base;
  throw new Error("tied tangents: a state's tangent was asked for before it was known");
}

/** Derivatives through several steps: a trace that a term goes by is written as the terms that it is made of. */
import { type Axis, diagonalOf, type Factor, fresh, plus, product, rename } from "../../forward/factor.js";
import { isUnknown, type StateBase, type StateName, type Term } from "../../forward/term.js";
import { scalar } from "../../ops/create.js";
import type { NamedStep } from "./naming.js";
import type { Block } from "./sources.js";
import { roles, stackTerms } from "./stack.js";
import type { TraceBlock } from "./traces.js";

/** What is needed of the parameter block that derivatives are taken by. */
type Differentiated = Pick<Block, "axes" | "dtype">;

/** A term that goes by the name of a trace. */
export type OpenTerm = Term & { readonly base: StateBase };

const isOpen = (term: Term): term is OpenTerm => term.base?.kind === "state";

/**
 * The trace of a state after so many steps, in terms of traces that can be read. After one step these are its own: old traces, and
 * new ones of areas below, which advance first. After more, all is written in traces before the first step, and in one
 * stack of what the steps add.
 */
export function across(
  steps: readonly NamedStep[],
  trace: TraceBlock,
  of: Omit<StateName, "when">,
): readonly Term[] {
  if (steps.length === 1) return steps[0].terms(of.area, of.state);
  const { axes, block } = trace;
  let open: Iterable<OpenTerm> = [
    { axes, coefficient: null, base: { kind: "state", axes, of: { ...of, when: "new" } }, lost: [] },
  ];
  const known: Term[] = [];
  for (const step of [...steps].reverse()) {
    const older = new TermSum(block);
    // a state reads new states of areas below: those are written out within the step
    const waiting = Array.from({ length: of.area + 1 }, () => new TermSum(block));
    for (const term of open) waiting[term.base.of.area].add(term);
    for (let a = of.area; a >= 0; a--)
      for (const outer of waiting[a])
        for (const inner of step.terms(a, outer.base.of.state)) {
          const term = substitute(outer, inner, block);
          if (!isOpen(term)) known.push(term);
          else (term.base.of.when === "old" ? older : waiting[term.base.of.area]).add(term);
        }
    open = older;
  }
  return [...stackTerms(known.reverse(), block), ...open];
}

/**
 * What becomes of a term when its trace is written as one of the terms that it is made of: coefficients multiply, and
 * names are summed as soon as nothing else needs them; `multiply` says how infinities meet zeros in such sums.
 */
export function substitute(
  outer: OpenTerm,
  inner: Term,
  { axes: params, dtype }: Differentiated,
  multiply = product,
): Term {
  if (isUnknown(inner.base) && !isOpen(inner))
    throw new Error("compose: entries of a trace are moved before they are known");
  const isParam = (a: Axis): boolean => params.includes(a);
  const mine = new Map<Axis, Axis>();
  const yours = new Map<Axis, Axis>();
  inner.axes.forEach((a, i) => {
    const b = outer.base.axes[i];
    if (a === b) mine.set(a, b);
    else if (isParam(a)) yours.set(b, a);
    else mine.set(a, b);
  });
  const named = (a: Axis): Axis => {
    if (isParam(a)) return a;
    const found = mine.get(a) ?? fresh(a.size);
    mine.set(a, found);
    return yours.get(found) ?? found;
  };
  const moved = <F extends { readonly axes: readonly Axis[] }>(f: F | null): F | null =>
    f && { ...f, axes: f.axes.map(named) };
  let left = outer.coefficient;
  for (const [from, onto] of yours) left = left && diagonalOf(left, from, onto);
  const axes = outer.axes.map((a) => yours.get(a) ?? a);
  const right: Factor | null = moved(inner.coefficient);
  const base = moved(inner.base);
  const held = new Set([...axes, ...params, ...(base?.axes ?? [])]);
  const carried = [...(left?.axes ?? []), ...(right?.axes ?? [])];
  const coefficient = multiply(
    left,
    right,
    carried.filter((a) => !held.has(a)),
  );
  // a sum over what nothing varies along
  const seen = new Set([...held, ...carried]);
  const count = outer.base.axes
    .map((a) => yours.get(a) ?? a)
    .reduce((n, a) => (seen.has(a) ? n : n * a.size), 1);
  const whole = count === 1 ? coefficient : product(coefficient, { axes: [], tensor: scalar(count, dtype) });
  return { axes, coefficient: whole, base, lost: [] };
}

/** Sums of terms by the trace that they go by: those that see it the same way add their coefficients. */
class TermSum {
  private readonly terms = new Map<string, OpenTerm>();

  constructor(private readonly block: Differentiated) {}

  add(term: OpenTerm): void {
    const { axes, base, coefficient } = term;
    const role = roles(axes, this.block.axes);
    const key = `${base.of.area}.${base.of.state} ${axes.map(role)} ${base.axes.map(role)}`;
    const known = this.terms.get(key);
    if (known === undefined) {
      this.terms.set(key, term);
      return;
    }
    const names = new Map(base.axes.map((a, i) => [a, known.base.axes[i]]));
    this.terms.set(key, {
      ...known,
      coefficient: plus(known.coefficient, coefficient && rename(coefficient, names), this.block.dtype),
    });
  }

  [Symbol.iterator](): IterableIterator<OpenTerm> {
    return this.terms.values();
  }
}

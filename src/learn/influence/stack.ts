import { type Axis, align, type Factor, fresh, product } from "../../forward/factor.js";
import { dense, known, type Term } from "../../forward/term.js";
import { scalar } from "../../ops/create.js";
import { stack } from "../../ops/join.js";
import type { Block } from "./sources.js";

/**
 * Known terms of many steps as few: those of one form become one, with their factors side by side along a bound axis. A sum
 * of outer products, one per step, is then a product of matrices.
 */
export function stackTerms(
  terms: readonly Term[],
  { axes: params, dtype }: Pick<Block, "axes" | "dtype">,
): Term[] {
  const groups = new Map<string, Named[]>();
  for (const term of terms) {
    const named = nameTerm(term, params);
    const group = groups.get(named.form);
    if (group) group.push(named);
    else groups.set(named.form, [named]);
  }
  return [...groups.values()].map((group) => {
    const [{ term: first, role }] = group;
    if (group.length === 1) return first;
    const steps = fresh(group.length);
    const along = (factorOf: (term: Term) => Factor | null): Factor | null => {
      const order = factorOf(first)?.axes;
      if (!order) return null;
      const tensors = group.map((other) => {
        const factor = factorOf(other.term) as Factor;
        const names = new Map(factor.axes.map((a) => [other.role(a), a]));
        return align(
          factor,
          order.map((a) => names.get(role(a)) as Axis),
        );
      });
      return { axes: [steps, ...order], tensor: stack(tensors) };
    };
    const coefficient = along((term) => term.coefficient);
    const base = along((term) => known(term.base));
    if (base !== null && coefficient !== null) return { ...first, coefficient, base: dense(base) };
    // with one factor only there is nothing to multiply, and with none each term is one
    if (base !== null) return { ...first, base: dense(product(base, null, [steps]) as Factor) };
    const sum = coefficient === null ? null : product(coefficient, null, [steps]);
    return { ...first, coefficient: sum ?? { axes: [], tensor: scalar(group.length, dtype) } };
  });
}

interface Named {
  readonly term: Term;
  readonly role: (a: Axis) => string;
  /** What terms that may lie side by side have in common. */
  readonly form: string;
}

function nameTerm(term: Term, params: readonly Axis[]): Named {
  const { axes, coefficient, base } = term;
  const role = roles(axes, params);
  const said = (f: { readonly axes: readonly Axis[] } | null): string =>
    f === null ? "one" : f.axes.map(role).sort().join();
  // the base first: names that only are summed are counted as they come there
  const baseForm = said(base);
  return { term, role, form: `${axes.map(role)} ${said(coefficient)} ${baseForm}` };
}

/** Names by the part they play: a parameter's, one of `axes`, or any other, counted as they come. */
export function roles(axes: readonly Axis[], params: readonly Axis[]): (a: Axis) => string {
  const others: Axis[] = [];
  return (a) => {
    if (params.includes(a)) return `p${params.indexOf(a)}`;
    if (axes.includes(a)) return `v${axes.indexOf(a)}`;
    if (!others.includes(a)) others.push(a);
    return `s${others.indexOf(a)}:${a.size}`;
  };
}

import { type Axis, align, type Factor, fresh, product } from "../../../forward/factor.js";
import { scalar } from "../../../ops/create.js";
import { stack } from "../../../ops/join.js";
import type { KnownTerm } from "../compose.js";
import { type Differentiated, type Part, roles } from "./part.js";

/**
 * Known parts of many steps as few terms: parts of one form become one, with their factors side by side along a bound
 * axis. A sum of outer products, one per step, is then a product of matrices.
 */
export function stackParts(
  into: number,
  parts: readonly Part[],
  { axes: params, dtype }: Differentiated,
): KnownTerm[] {
  const groups = new Map<string, Named[]>();
  for (const part of parts) {
    const named = nameParts(part, params);
    const group = groups.get(named.form);
    if (group) group.push(named);
    else groups.set(named.form, [named]);
  }
  return [...groups.values()].map((group) => {
    const [{ part: first, role }] = group;
    const { axes } = first;
    if (group.length === 1)
      return { into, axes, coefficient: first.coefficient, base: first.base, own: null };
    const steps = fresh(group.length);
    const along = (which: "coefficient" | "base"): Factor | null => {
      const order = first[which]?.axes;
      if (!order) return null;
      const tensors = group.map((other) => {
        const factor = other.part[which] as Factor;
        const names = new Map(factor.axes.map((a) => [other.role(a), a]));
        return align(
          factor,
          order.map((a) => names.get(role(a)) as Axis),
        );
      });
      return { axes: [steps, ...order], tensor: stack(tensors) };
    };
    const [coefficient, base] = [along("coefficient"), along("base")];
    // with one factor only there is nothing to multiply, and with none each part is one
    if (base === null && coefficient === null) {
      const count = { axes: [], tensor: scalar(group.length, dtype) };
      return { into, axes, coefficient: count, base, own: null };
    }
    if (base === null)
      return { into, axes, coefficient: product(coefficient, null, [steps]), base, own: null };
    if (coefficient === null)
      return { into, axes, coefficient, base: product(base, null, [steps]), own: null };
    return { into, axes, coefficient, base, own: null };
  });
}

interface Named {
  readonly part: Part;
  readonly role: (a: Axis) => string;
  /** What parts that may lie side by side have in common. */
  readonly form: string;
}

function nameParts(part: Part, params: readonly Axis[]): Named {
  const { axes, coefficient, base } = part;
  const role = roles(axes, params);
  const said = (f: Factor | null): string => (f === null ? "one" : f.axes.map(role).sort().join());
  // the base first: names that only are summed are counted as they come there
  const baseForm = said(base);
  return { part, role, form: `${axes.map(role)} ${said(coefficient)} ${baseForm}` };
}

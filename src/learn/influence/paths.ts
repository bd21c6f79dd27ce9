import type { Tangent } from "../../forward/term.js";

/**
 * Which paths from a unit's old states to new states an approximation of the influence keeps:
 * `all` of them; those `within` the unit, which no contraction or stencil mixes with others; or those that are also
 * `carried`: through ops that are linear in the state by a coefficient that does not depend on it, as a leak.
 */
export type Paths = "all" | "within" | "carried";

/** Where in a step an old state is bent: by op, counted among those that new states depend on, and input. */
export interface Carriers {
  /** Whether input `i` of the op at `place` hands this old state on by a coefficient that does not depend on it. */
  carries(place: number, op: string, i: number, area: number, state: number): boolean;
}

/** The terms in which every axis of the state is still the value's own. */
export function withinUnit(tangent: Tangent): Tangent {
  return {
    ...tangent,
    terms: tangent.terms.filter(
      ({ axes, base }) =>
        base?.kind === "state" &&
        axes.length === base.axes.length &&
        axes.every((a, i) => a === base.axes[i]),
    ),
  };
}

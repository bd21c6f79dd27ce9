import type { Tangent } from "../../forward/term.js";
import type { LinearMap } from "../../tensor/linear-map.js";
import type { Op } from "../../tensor/op.js";

/**
 * Which paths from a unit's old states to new states an approximation of the influence keeps:
 * `all` of them; those `within` the unit, which no contraction or stencil mixes with others; or those that are also
 * `carried`, past every nonlinearity, as by a leak or a forget gate.
 */
export type Paths = "all" | "within" | "carried";

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

/** Ops that are linear in each of their inputs, although their rule is a scaling. */
const multilinear: ReadonlySet<string> = new Set([
  "neg",
  "add",
  "sub",
  "mul",
  "div",
  "scale",
  "where",
  "cast",
]);

/** Whether an op hands a state on without bending it. */
export function isCarrier(op: Op<unknown>, maps: readonly LinearMap[]): boolean {
  return multilinear.has(op.name) || maps.every((map) => map.kind !== "scale" && map.kind !== "stencil");
}

import { cast } from "../ops/cast.js";
import { zeros } from "../ops/create.js";
import { add } from "../ops/pointwise.js";
import { takeIndex } from "../ops/take.js";
import { broadcastTo, permute } from "../ops/views.js";
import type { Tensor } from "../tensor/tensor.js";
import { diagonal, expand } from "./expand.js";
import { Axis, align } from "./factor.js";
import type { Tangent } from "./term.js";

/** A derivative whose ties are stored once: entry (value axes, remaining source axes). */
export interface TiedJacobian {
  /** Over the value's axes and then those source axes that are not tied. */
  readonly values: Tensor;
  /** For each axis of the source: the axis of the value that it is tied to, or `null`. */
  readonly ties: readonly (number | null)[];
  /** The full Jacobian [...value axes, ...source axes]. */
  dense(): Tensor;
}

/** Forms the numbers of a tangent, keeping the ties that all of its terms have. */
export function settle(
  tangent: Tangent | null,
  shape: readonly number[],
  source: readonly Axis[],
  dtype: Tensor["dtype"],
): TiedJacobian {
  const terms = tangent?.terms ?? [];
  const held = tangent?.dtype ?? dtype;
  const tiedAt = (i: number): Axis | null => {
    const axis = terms[0]?.axes[i];
    return axis && source.includes(axis) && terms.every((t) => t.axes[i] === axis) ? axis : null;
  };
  const axes = shape.map((n, i) => tiedAt(i) ?? new Axis(n, `${n}`));
  const layout = [...axes, ...source.filter((a) => !axes.includes(a))];
  const full = layout.map((a) => a.size);
  let total: Tensor | null = null;
  for (const term of terms) {
    const loose = axes.flatMap((a, i) => (source.includes(a) ? [] : [i]));
    const open = expand(term, loose, { params: source, dtype: held, by: "settle" });
    const base = open.base as { axes: readonly Axis[]; tensor: Tensor };
    const names = base.axes.map((a) => {
      const i = open.axes.indexOf(a);
      return i >= 0 ? axes[i] : a;
    });
    const part = align({ axes: names, tensor: base.tensor }, layout);
    total = total === null ? part : add(total, part);
  }
  const values = total === null ? zeros(full, { dtype }) : broadcastTo(cast(total, dtype), full);
  const ties = source.map((a) => {
    const at = axes.indexOf(a);
    return at < 0 ? null : at;
  });
  return { values, ties, dense: () => untie(values, layout, axes, source) };
}

/** Spreads each tie over its diagonal. */
function untie(
  values: Tensor,
  layout: readonly Axis[],
  axes: readonly Axis[],
  source: readonly Axis[],
): Tensor {
  let x = values;
  let order: (Axis | { tied: Axis })[] = [...layout];
  for (const axis of axes) {
    if (!source.includes(axis)) continue;
    const at = order.indexOf(axis);
    x = takeIndex(x, at, diagonal(axis.size));
    order = [...order.slice(0, at + 1), { tied: axis }, ...order.slice(at + 1)];
  }
  const wanted = source.map((a) =>
    axes.includes(a) ? order.findIndex((o) => isTied(o, a)) : order.indexOf(a),
  );
  return permute(x, [...axes.map((a) => order.indexOf(a)), ...wanted]);
}

function isTied(o: Axis | { tied: Axis }, a: Axis): boolean {
  return "tied" in o && o.tied === a;
}

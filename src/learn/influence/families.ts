/** Parameter blocks of one form, which lie one after the other and may be taken as one block with an axis more. */
import { Axis } from "../../forward/factor.js";
import type { Block } from "./sources.js";
import type { Structure } from "./structure.js";
import { layoutOf, parameterOrder, sizesOf } from "./traces.js";

export interface Member {
  readonly index: number;
  /** The axes of the block in the order in which they lie. */
  readonly order: readonly Axis[];
}

export interface TraceForm {
  /** As in `TraceBlock`. */
  readonly axes: readonly Axis[];
  readonly layout: readonly Axis[];
  /** By state of the area: whether it depends on the block; those of other groups do not count. */
  readonly present: readonly boolean[];
  /** Whether it is some columns of the matrix of its group: all states depend on the block, and none is tied to it. */
  readonly isMatrix: boolean;
}

export interface Family {
  readonly area: number;
  readonly members: readonly Member[];
  /** All members as one: the axis that tells them apart, then those of each in their order. */
  readonly block: Block;
  /** By group; `null` where its states do not depend on them. */
  readonly forms: readonly (TraceForm | null)[];
}

/** From the bottom up; blocks that no state depends on are in none. */
export function familiesOf(structure: Structure): Family[] {
  const { sources, patterns } = structure;
  const byForm = new Map<string, Member[]>();
  sources.blocks.forEach(({ area, dtype }, index) => {
    if (patterns.every((row) => row[index] === null)) return;
    const order = parameterOrder(index, sources, patterns);
    const said = patterns.map((row) => {
      const pattern = row[index];
      return pattern && [pattern.ties.map((a) => a && order.indexOf(a)), pattern.present];
    });
    const form = JSON.stringify([area, dtype, sizesOf(order), said]);
    const known = byForm.get(form);
    if (known) known.push({ index, order });
    else byForm.set(form, [{ index, order }]);
  });
  const families = [...byForm.values()].map((members) => familyOf(members, structure));
  return families.sort((a, b) => a.area - b.area);
}

function familyOf(members: readonly Member[], { sources, patterns }: Structure): Family {
  const [{ index, order }] = members;
  const first = sources.blocks[index];
  const area = first.area as number;
  const path = members.map((m) => sources.blocks[m.index].path).join(", ");
  const which = new Axis(members.length, `one of ${path}`);
  const own = new Map(order.map((a) => [a, new Axis(a.size, a.label)]));
  const named = (a: Axis): Axis => own.get(a) ?? a;
  const axes = [which, ...order.map(named)];
  const forms = patterns.map((row, g): TraceForm | null => {
    const pattern = row[index];
    if (pattern === null) return null;
    const form = layoutOf(pattern, sources, order);
    const { states } = sources.groups[g];
    const isMatrix =
      pattern.area !== area &&
      pattern.ties.every((a) => a === null) &&
      states.every((s) => pattern.present[s]);
    const layout = form.layout.map(named);
    const at = isMatrix ? form.axes.length : 0;
    layout.splice(at, 0, which);
    return { axes: form.axes.map(named), layout, present: pattern.present, isMatrix };
  });
  return { area, members, block: { path, area, axes, shape: sizesOf(axes), dtype: first.dtype }, forms };
}

/** Where traces and gradients lie. */
import type { DType } from "../../core/dtype.js";
import { sizeOf, stridesOf } from "../../core/shape.js";
import { hostZeros } from "../../device/host-storage.js";
import type { Storage } from "../../device/storage.js";
import type { Column } from "./columns.js";
import type { Family } from "./families.js";
import type { StateGroup } from "./sources.js";
import { sizesOf, type TraceBlock } from "./traces.js";

export interface Laid {
  /** By family: its members as one. */
  readonly columns: readonly Column[];
  readonly traces: readonly Storage[];
  /** Gradients of one more head, zero: all blocks of one dtype follow each other. */
  gradients(): ReadonlyMap<DType, Storage>;
}

/** Families side by side, each dtype apart: where each begins, and how wide they are together. */
class Rows {
  private readonly begins = new Map<Family, number>();
  private readonly widths = new Map<DType, number>();

  constructor(families: readonly Family[]) {
    for (const family of families) {
      const { dtype, shape } = family.block;
      const at = this.widths.get(dtype) ?? 0;
      this.begins.set(family, at);
      this.widths.set(dtype, at + sizeOf(shape));
    }
  }

  begin(family: Family): number {
    return this.begins.get(family) ?? 0;
  }

  width(dtype: DType): number {
    return this.widths.get(dtype) ?? 0;
  }

  /** So many rows of each dtype. */
  storage(count: number): ReadonlyMap<DType, Storage> {
    return new Map([...this.widths].map(([dtype, width]) => [dtype, hostZeros(dtype, count * width)]));
  }
}

/**
 * Gradients follow each other in one storage. Traces of families that no state of a group is tied to are columns of one
 * matrix, in the same order, with a row for each entry of the state; all others have storage of their own.
 */
export function lay(families: readonly Family[], groups: readonly StateGroup[]): Laid {
  const gradients = new Rows(families);
  const matrices = groups.map((group, g) => {
    const rows = new Rows(families.filter(({ forms }) => forms[g]?.isMatrix));
    const count = sizeOf(sizesOf(group.axes));
    return { rows, byState: new Map(group.states.map((s) => [s, rows.storage(count)])) };
  });
  const traces = matrices.flatMap(({ byState }) => [...byState.values()].flatMap((all) => [...all.values()]));
  const place = (family: Family, g: number): TraceBlock | null => {
    const { block, forms } = family;
    const form = forms[g];
    if (form === null) return null;
    const { axes, layout, present, isMatrix } = form;
    const sizes = sizesOf(layout);
    const rank = isMatrix ? axes.length : 0;
    const { rows, byState } = matrices[g];
    const width = isMatrix ? rows.width(block.dtype) : 1;
    const own = (): Storage => {
      const data = hostZeros(block.dtype, sizeOf(sizes));
      traces.push(data);
      return data;
    };
    return {
      area: groups[g].area,
      block,
      axes,
      layout,
      strides: [...stridesOf(sizes.slice(0, rank)).map((s) => s * width), ...stridesOf(sizes.slice(rank))],
      offset: isMatrix ? rows.begin(family) : 0,
      data: present.map((p, s) =>
        p ? (isMatrix ? (byState.get(s)?.get(block.dtype) ?? null) : own()) : null,
      ),
    };
  };
  const columns = families.map((family): Column => {
    const { block } = family;
    return {
      block,
      index: null,
      order: block.axes,
      traces: groups.map((_, g) => place(family, g)),
      begin: gradients.begin(family),
    };
  });
  return { columns, traces, gradients: () => gradients.storage(1) };
}

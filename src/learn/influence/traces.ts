import { bytesPerElement } from "../../core/dtype.js";
import { sizeOf } from "../../core/shape.js";
import type { Storage } from "../../device/storage.js";
import type { Axis, Factor } from "../../forward/factor.js";
import { viewOf } from "../../tensor/apply.js";
import type { Pattern, Patterns } from "./pattern.js";
import type { Block, Sources } from "./sources.js";

/** The influence of one parameter block on the states of one group: a trace per state, all in one layout. */
export interface TraceBlock {
  readonly area: number;
  readonly block: Block;
  /** Names of the state's axes here; a tied one is the parameter's axis. */
  readonly axes: readonly Axis[];
  /** Axes of the trace from the outermost to the innermost: the state's, then the parameter's untied ones. */
  readonly layout: readonly Axis[];
  /** Where an entry lies in its storage: `offset` plus its place along each axis of `layout` times the stride. */
  readonly strides: readonly number[];
  readonly offset: number;
  /** One storage per state of the area; `null` for one that does not depend on the block, or is of another group. */
  readonly data: readonly (Storage | null)[];
}

/** The shape of a trace, before anything is allocated. */
export function layoutOf(
  pattern: Pattern,
  sources: Sources,
  order: readonly Axis[],
): { axes: Axis[]; layout: Axis[] } {
  const axes = sources.groups[pattern.group].axes.map((a, i) => pattern.ties[i] ?? a);
  return { axes, layout: [...axes, ...order.filter((a) => !axes.includes(a))] };
}

export const sizesOf = (axes: readonly Axis[]): number[] => axes.map((a) => a.size);

/** Bytes of one trace block. */
export function bytesOf(pattern: Pattern, sources: Sources): number {
  const block = sources.blocks[pattern.block];
  const { layout } = layoutOf(pattern, sources, block.axes);
  const copies = pattern.present.filter(Boolean).length;
  return copies * sizeOf(sizesOf(layout)) * bytesPerElement[block.dtype];
}

/**
 * The order in which a block's axes lie in traces and gradients: those tied in its own area first, so that the rest
 * is contiguous wherever the block has influence. (Where states of an area are tied to different axes, less of it is.)
 */
export function parameterOrder(k: number, { blocks, groups }: Sources, patterns: Patterns): Axis[] {
  const block = blocks[k];
  const own = groups.flatMap(({ area }, g) => (area === block.area ? (patterns[g][k]?.ties ?? []) : []));
  const tied = block.axes.filter((a) => own.includes(a));
  return [...tied, ...block.axes.filter((a) => !tied.includes(a))];
}

/** A trace as a factor with named axes. */
export function traceFactor(
  { data, layout, strides, offset, block }: TraceBlock,
  state: number,
): Factor | null {
  const storage = data[state];
  return storage && { axes: layout, tensor: viewOf(storage, sizesOf(layout), block.dtype, strides, offset) };
}

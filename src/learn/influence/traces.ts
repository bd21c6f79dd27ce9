import { bytesPerElement } from "../../core/dtype.js";
import { sizeOf } from "../../core/shape.js";
import { hostZeros } from "../../device/host-storage.js";
import type { Storage } from "../../device/storage.js";
import type { Axis, Factor } from "../../forward/factor.js";
import { permute } from "../../ops/views.js";
import { onStorage } from "../../tensor/apply.js";
import type { Aval } from "../../tensor/op.js";
import { entries } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Pattern, Patterns } from "./pattern.js";
import type { Block, Sources } from "./sources.js";

/** The influence of one parameter block on the states of one group: a trace per state, all in one layout. */
export interface TraceBlock {
  readonly pattern: Pattern;
  readonly block: Block;
  /** Names of the state's axes here; a tied one is the parameter's axis. */
  readonly axes: readonly Axis[];
  /** Axes in memory order: the state's, then the parameter's untied ones. */
  readonly layout: readonly Axis[];
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

/** Bytes of one trace block. */
export function bytesOf(pattern: Pattern, sources: Sources): number {
  const block = sources.blocks[pattern.block];
  const { layout } = layoutOf(pattern, sources, block.axes);
  const copies = pattern.present.filter(Boolean).length;
  return copies * sizeOf(layout.map((a) => a.size)) * bytesPerElement[block.dtype];
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

/** Everything that forward-in-time learning stores: traces by group and block, and the gradient by head and block. */
export class TraceStore {
  readonly traces: readonly (readonly (TraceBlock | null)[])[];
  readonly orders: readonly (readonly Axis[])[];
  private readonly sums: (readonly (Storage | null)[])[] = [];
  readonly bytes: number;

  constructor(
    patterns: Patterns,
    readonly sources: Sources,
  ) {
    let bytes = 0;
    this.orders = sources.blocks.map((_, k) => parameterOrder(k, sources, patterns));
    this.traces = patterns.map((row) =>
      row.map((pattern, k) => {
        if (pattern === null) return null;
        bytes += bytesOf(pattern, sources);
        const block = sources.blocks[k];
        const { axes, layout } = layoutOf(pattern, sources, this.orders[k]);
        const size = sizeOf(layout.map((a) => a.size));
        return {
          pattern,
          block,
          axes,
          layout,
          data: pattern.present.map((p) => (p ? hostZeros(block.dtype, size) : null)),
        };
      }),
    );
    this.bytes = bytes;
    this.keepApart(0);
  }

  /** The gradient of a block as it accumulates, in `orders[k]`; of a head that counts for the first time, zeros. */
  gradient(k: number, head = 0): Storage | null {
    this.keepApart(head);
    return this.sums[head][k];
  }

  /** Has a gradient of its own for each head up to this one. */
  private keepApart(head: number): void {
    while (this.sums.length <= head)
      this.sums.push(
        this.sources.blocks.map((block, k) =>
          this.traces.some((row) => row[k] !== null) ? hostZeros(block.dtype, sizeOf(block.shape)) : null,
        ),
      );
  }

  /** A copy of the accumulated gradient of a block in the parameter's own axis order; `null` where it has no traces. */
  gradientTensor(k: number, head = 0): Tensor | null {
    const sum = this.gradient(k, head);
    if (sum === null) return null;
    const order = this.orders[k];
    const x = onStorage(
      sum.copy(),
      order.map((a) => a.size),
      this.sources.blocks[k].dtype,
    );
    return permute(
      x,
      this.sources.blocks[k].axes.map((a) => order.indexOf(a)),
    );
  }

  /** Every trace and sum as a tensor of its own, in its layout. */
  save(): Saved {
    const copies = (places: readonly SavedPlace[]): Saved =>
      Object.fromEntries(places.map(({ path, data, like }) => [path, copyOf(data, like)]));
    return {
      traces: copies(this.traced()),
      gradients: this.sums.map((_, head) => copies(this.summed(head))),
    };
  }

  /** @throws CheckpointError */
  resume(saved: SavedPart): void {
    const take = (places: readonly SavedPlace[], part: SavedPart): void => {
      const found = part.branches(places.map(({ path }) => path)).map((p, i) => p.tensor(places[i].like));
      places.forEach(({ data }, i) => {
        data.write(entries(found[i]));
      });
    };
    take(this.traced(), saved.at("traces"));
    saved
      .at("gradients")
      .list()
      .forEach((part, head) => {
        this.keepApart(head);
        take(this.summed(head), part);
      });
  }

  /** All traces, by area, state and parameter block. */
  private traced(): SavedPlace[] {
    const { blocks, groups } = this.sources;
    return blocks.flatMap((block, k) =>
      groups.flatMap(({ area, states, names }, g) => {
        const trace = this.traces[g][k];
        if (trace === null) return [];
        return states.flatMap((s, i) =>
          placeOf(`d areas.${area}.${names[i]} / d ${block.path}`, trace.data[s], trace.layout, block),
        );
      }),
    );
  }

  /** The gradient of a head, by parameter block. */
  private summed(head: number): SavedPlace[] {
    return this.sources.blocks.flatMap((block, k) =>
      placeOf(block.path, this.sums[head][k], this.orders[k], block),
    );
  }

  clearGradient(): void {
    for (const sums of this.sums) for (const sum of sums) sum?.clear();
  }

  clear(): void {
    for (const row of this.traces)
      for (const trace of row) for (const data of trace?.data ?? []) data?.clear();
  }
}

/** Storage under its path in a saved tree. */
interface SavedPlace {
  readonly path: string;
  readonly data: Storage;
  readonly like: Aval;
}

const placeOf = (
  path: string,
  data: Storage | null,
  axes: readonly Axis[],
  { dtype }: Block,
): SavedPlace[] => (data === null ? [] : [{ path, data, like: { shape: axes.map((a) => a.size), dtype } }]);

const copyOf = (data: Storage, { shape, dtype }: Aval): Tensor => onStorage(data.copy(), shape, dtype);

/** A trace as a factor with named axes. */
export function traceFactor(trace: TraceBlock, state: number): Factor | null {
  const data = trace.data[state];
  if (data === null) return null;
  return {
    axes: trace.layout,
    tensor: onStorage(
      data,
      trace.layout.map((a) => a.size),
      trace.block.dtype,
    ),
  };
}

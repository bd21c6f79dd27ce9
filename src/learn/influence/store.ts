import type { TypedArray } from "../../core/dtype.js";
import type { Storage } from "../../device/storage.js";
import { permute } from "../../ops/views.js";
import { fromData } from "../../tensor/apply.js";
import { lyingOf } from "../../tensor/lying.js";
import { entries, ownEntries } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type Column, gradientOf, joined, memberOf } from "./columns.js";
import { type Family, familiesOf } from "./families.js";
import { lay } from "./lay.js";
import type { Structure } from "./structure.js";
import { traceFactor } from "./traces.js";

/** Everything that forward-in-time learning stores: the columns of the influence, and the gradient. */
export class TraceStore {
  /** By parameter block; `null` for one that no state depends on. */
  readonly columns: readonly (Column | null)[];
  /** By area, what its states depend on: its own parameters block by block, those of areas below as few columns. */
  readonly byArea: readonly (readonly Column[])[];
  private readonly traces: readonly Storage[];
  private readonly sums: readonly Storage[];

  constructor(private readonly structure: Structure) {
    const { blocks, groups } = structure.sources;
    const families = familiesOf(structure);
    const { columns: laid, traces, sums } = lay(families, groups);
    const columns: (Column | null)[] = blocks.map(() => null);
    families.forEach(({ members }, f) => {
      members.forEach(({ index, order }, at) => {
        columns[index] = memberOf(laid[f], at, blocks[index], index, order);
      });
    });
    this.columns = columns;
    this.traces = traces;
    this.sums = sums;
    this.byArea = structure.reads.map((_, area) => this.columnsOf(area, families, laid));
  }

  private columnsOf(area: number, families: readonly Family[], laid: readonly Column[]): Column[] {
    const { sources, reads } = this.structure;
    const own = sources.groups.flatMap((group, g) => (group.area === area ? [g] : []));
    const apart: Column[] = [];
    const together: Column[] = [];
    families.forEach((family, f) => {
      if (own.every((g) => laid[f].traces[g] === null)) return;
      const members = family.members.map(({ index }) => this.columns[index] as Column);
      // parameters that enter here bring terms of their own
      const enter = family.area === area || family.members.some(({ index }) => reads[area].blocks.has(index));
      if (enter) apart.push(...members);
      else together.push(members.length === 1 ? members[0] : laid[f]);
    });
    return [...apart, ...joined(together, [...new Set([...own, ...reads[area].groups])])];
  }

  /** A copy of the accumulated gradient of a block in the parameter's own axis order; `null` where it has no traces. */
  gradientTensor(k: number): Tensor | null {
    const column = this.columns[k];
    if (column === null) return null;
    const { block, order } = column;
    return permute(
      copied(gradientOf(column)),
      block.axes.map((a) => order.indexOf(a)),
    );
  }

  /** Every trace and sum as a tensor of its own, in its layout. */
  save(): Saved {
    return Object.fromEntries(this.places().map(({ path, tensor }) => [path, copied(tensor)]));
  }

  /** @throws CheckpointError */
  resume(saved: SavedPart): void {
    const places = this.places();
    const found = saved.branches(places.map(({ path }) => path)).map((p, i) => p.tensor(places[i].tensor));
    const numbers = new Map([...this.traces, ...this.sums].map((s) => [s, s.host().slice()]));
    places.forEach(({ tensor }, i) => {
      const { data, strides, offset } = lyingOf(tensor);
      spread(entries(found[i]), numbers.get(data) as TypedArray, tensor.shape, strides, offset);
    });
    for (const [storage, array] of numbers) storage.write(array);
  }

  /** All numbers, by area, state and parameter block. */
  private places(): { readonly path: string; readonly tensor: Tensor }[] {
    const { groups } = this.structure.sources;
    return this.columns.flatMap((column) => {
      if (column === null) return [];
      const { path } = column.block;
      const traces = groups.flatMap(({ area, states, names }, g) =>
        states.flatMap((s, i) => {
          const trace = column.traces[g];
          const factor = trace && traceFactor(trace, s);
          return factor ? [{ path: `d areas.${area}.${names[i]} / d ${path}`, tensor: factor.tensor }] : [];
        }),
      );
      return [...traces, { path: `gradient of ${path}`, tensor: gradientOf(column) }];
    });
  }

  clearGradient(): void {
    for (const sum of this.sums) sum.clear();
  }

  clear(): void {
    for (const trace of this.traces) trace.clear();
  }
}

/** On an array of its own. */
const copied = (t: Tensor): Tensor => fromData(ownEntries(t), t.shape, t.dtype);

/** Puts numbers that follow each other where they lie strided. */
function spread(
  numbers: TypedArray,
  into: TypedArray,
  sizes: readonly number[],
  strides: readonly number[],
  offset: number,
): void {
  let from = 0;
  const along = (axis: number, at: number): void => {
    if (axis === sizes.length) {
      into[at] = numbers[from++];
      return;
    }
    const n = sizes[axis];
    if (axis === sizes.length - 1 && strides[axis] === 1) {
      into.set(numbers.subarray(from, from + n), at);
      from += n;
      return;
    }
    for (let i = 0; i < n; i++) along(axis + 1, at + i * strides[axis]);
  };
  along(0, offset);
}

import { allocate, type DType, type TypedArray } from "../../core/dtype.js";
import { type Shape, sizeOf, stridesOf } from "../../core/shape.js";
import type { Storage } from "../../device/storage.js";
import { permute } from "../../ops/views.js";
import { fromData, viewOf } from "../../tensor/apply.js";
import { entries, ownEntries } from "../../tensor/read.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Placed } from "./advance.js";
import { type Column, joined, memberOf } from "./columns.js";
import { type Family, familiesOf } from "./families.js";
import { lay } from "./lay.js";
import type { Structure } from "./structure.js";
import { sizesOf } from "./traces.js";

/** Numbers under their path in a saved tree. */
interface Place {
  readonly path: string;
  readonly data: Storage;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Whether all bits are zero: -0 is something. */
function isNothing({ buffer, byteOffset, byteLength }: TypedArray): boolean {
  const words = new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);
  for (let i = 0; i < words.length; i++) if (words[i] !== 0) return false;
  return true;
}

/** Everything that forward-in-time learning stores: the columns of the influence, and the gradient of each head. */
export class TraceStore {
  /** By parameter block; `null` for one that no state depends on. */
  readonly columns: readonly (Column | null)[];
  /** By area, what its states depend on: see `columnsOf`. */
  readonly byArea: readonly (readonly Column[])[];
  private readonly families: readonly Family[];
  /** By family: its members as one. */
  private readonly laid: readonly Column[];
  private readonly found = new Map<string, readonly (readonly Column[])[]>();
  private readonly traces: readonly Storage[];
  /** By head and dtype. */
  private readonly sums: ReadonlyMap<DType, Storage>[] = [];
  private readonly gradients: () => ReadonlyMap<DType, Storage>;

  constructor(readonly structure: Structure) {
    const { blocks, groups } = structure.sources;
    const families = familiesOf(structure);
    const { columns: laid, traces, gradients } = lay(families, groups);
    this.families = families;
    this.laid = laid;
    const columns: (Column | null)[] = blocks.map(() => null);
    families.forEach(({ members }, f) => {
      members.forEach(({ index, order }, at) => {
        columns[index] = memberOf(laid[f], at, blocks[index], index, order);
      });
    });
    this.columns = columns;
    this.traces = traces;
    this.gradients = gradients;
    this.sums.push(gradients());
    this.byArea = this.columnsOf(new Set(blocks.keys()));
  }

  /** By area, what its states depend on of these blocks: its own parameters block by block, those below in few columns. */
  columnsOf(blocks: ReadonlySet<number>): readonly (readonly Column[])[] {
    const key = [...blocks].join();
    const found = this.found.get(key) ?? this.structure.reads.map((_, area) => this.inArea(area, blocks));
    this.found.set(key, found);
    return found;
  }

  private inArea(area: number, blocks: ReadonlySet<number>): Column[] {
    const { sources, reads } = this.structure;
    const own = sources.groups.flatMap((group, g) => (group.area === area ? [g] : []));
    const apart: Column[] = [];
    const together: Column[] = [];
    this.families.forEach((family, f) => {
      const laid = this.laid[f];
      if (own.every((g) => laid.traces[g] === null)) return;
      const indices = family.members.map(({ index }) => index);
      const members = indices.flatMap((k) => (blocks.has(k) ? (this.columns[k] ?? []) : []));
      // parameters that enter here bring terms of their own
      const enters = family.area === area || indices.some((k) => reads[area].blocks.has(k));
      if (enters || members.length < indices.length) apart.push(...members);
      else together.push(members.length === 1 ? members[0] : laid);
    });
    return [...apart, ...joined(together, [...new Set([...own, ...reads[area].groups])])];
  }

  /** Where the gradient of a column accumulates; of a head that counts for the first time, zeros. */
  gradient({ block, begin }: Column, head = 0): Placed {
    while (this.sums.length <= head) this.sums.push(this.gradients());
    return { data: this.sums[head].get(block.dtype) as Storage, offset: begin };
  }

  /** A copy of what has accumulated for a block, in the parameter's own axis order; `null` where it has no traces. */
  gradientTensor(k: number, head = 0): Tensor | null {
    const column = this.columns[k];
    if (column === null) return null;
    const { block, order } = column;
    return permute(
      copied(this.summed(column, head)),
      block.axes.map((a) => order.indexOf(a)),
    );
  }

  /** Where it lies, in the column's order. */
  private summed(column: Column, head: number): Place {
    const { path, dtype } = column.block;
    const shape = sizesOf(column.order);
    return { path, ...this.gradient(column, head), shape, dtype, strides: stridesOf(shape) };
  }

  /** Every trace and sum as a tensor of its own, in its layout; `null` for zeros, as all are between sequences. */
  save(): Saved {
    // storage of zeros is seen as a whole: between sequences nothing is copied
    const silent = new Map<Storage, boolean>();
    const isSilent = (data: Storage): boolean => {
      const found = silent.get(data) ?? isNothing(data.host());
      silent.set(data, found);
      return found;
    };
    const kept = (place: Place): Tensor | null => {
      if (isSilent(place.data)) return null;
      const numbers = copied(place);
      return isNothing(entries(numbers)) ? null : numbers;
    };
    const copies = (places: readonly Place[]): Saved =>
      Object.fromEntries(places.map((place) => [place.path, kept(place)]));
    return {
      traces: copies(this.traced()),
      gradients: this.sums.map((_, head) => copies(this.sumsOf(head))),
    };
  }

  /** @throws CheckpointError */
  resume(saved: SavedPart): void {
    const take = (places: readonly Place[], part: SavedPart): void => {
      const found = part
        .branches(places.map(({ path }) => path))
        .map((p, i) => p.maybe((given) => given.tensor(places[i])));
      const numbers = new Map<Storage, TypedArray>();
      places.forEach(({ data, shape, strides, offset }, i) => {
        const into = numbers.get(data) ?? data.host().slice();
        numbers.set(data, into);
        const given = found[i];
        const values = given === null ? allocate(places[i].dtype, sizeOf(shape)) : entries(given);
        spread(values, into, shape, strides, offset);
      });
      for (const [storage, array] of numbers) storage.write(array);
    };
    take(this.traced(), saved.at("traces"));
    saved
      .at("gradients")
      .list()
      .forEach((part, head) => {
        take(this.sumsOf(head), part);
      });
  }

  /** All traces, by area, state and parameter block. */
  private traced(): Place[] {
    const { groups } = this.structure.sources;
    return this.known().flatMap(({ block, traces }) =>
      groups.flatMap(({ area, states, names }, g) =>
        states.flatMap((s, i) => {
          const trace = traces[g];
          const data = trace?.data[s];
          if (!trace || !data) return [];
          const { layout, strides, offset } = trace;
          const path = `d areas.${area}.${names[i]} / d ${block.path}`;
          return [{ path, data, shape: sizesOf(layout), dtype: block.dtype, strides, offset }];
        }),
      ),
    );
  }

  /** The gradient of a head, by parameter block. */
  private sumsOf(head: number): Place[] {
    return this.known().map((column) => this.summed(column, head));
  }

  private known(): Column[] {
    return this.columns.filter((column) => column !== null);
  }

  clearGradient(): void {
    for (const head of this.sums) for (const sum of head.values()) sum.clear();
  }

  clear(): void {
    for (const trace of this.traces) trace.clear();
  }
}

/** On an array of its own. */
const copied = ({ data, shape, dtype, strides, offset }: Place): Tensor =>
  fromData(ownEntries(viewOf(data, shape, dtype, strides, offset)), shape, dtype);

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

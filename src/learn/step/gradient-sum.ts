import { bytesPerElement } from "../../core/dtype.js";
import { sizeOf } from "../../core/shape.js";
import { leavesOf } from "../../core/tree.js";
import { add } from "../../ops/pointwise.js";
import type { Aval } from "../../tensor/op.js";
import type { SavedPart } from "../../tensor/saved/part.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";

/** a + b, where `null` stands for zero. */
export const plus = (a: Tensor | null, b: Tensor | null): Tensor | null => (a && b ? add(a, b) : (a ?? b));

/** A parameter block by its path, such as `areas.0.W`. */
export interface NamedBlock extends Aval {
  readonly path: string;
}

/** The parameter blocks of a tree, in the order in which they are counted. */
export const blocksOf = (params: object): NamedBlock[] =>
  leavesOf<Tensor>(params, isTensor).map(({ path, value: { shape, dtype } }) => ({ path, shape, dtype }));

/** Bytes of a gradient: as many as parameters have. */
export const gradientBytes = (params: object): number =>
  blocksOf(params).reduce((n, { shape, dtype }) => n + sizeOf(shape) * bytesPerElement[dtype], 0);

/** A sum per parameter block. */
export class GradientSum {
  private readonly sums = new Map<number, Tensor>();

  add(block: number, term: Tensor): void {
    this.sums.set(block, plus(this.get(block), term) as Tensor);
  }

  get(block: number): Tensor | null {
    return this.sums.get(block) ?? null;
  }

  copy(): GradientSum {
    const other = new GradientSum();
    for (const [block, sum] of this.sums) other.sums.set(block, sum);
    return other;
  }

  clear(): void {
    this.sums.clear();
  }

  /** The sums by the paths of their blocks; `null` where nothing was added. */
  save(blocks: readonly NamedBlock[]): Record<string, Tensor | null> {
    return Object.fromEntries(blocks.map(({ path }, k) => [path, this.get(k)]));
  }

  /** @throws CheckpointError */
  resume(blocks: readonly NamedBlock[], saved: SavedPart): void {
    this.clear();
    saved.branches(blocks.map(({ path }) => path)).forEach((part, k) => {
      const sum = part.maybe((of) => of.tensor(blocks[k]));
      if (sum !== null) this.sums.set(k, sum);
    });
  }
}

/** A sum for each head of the loss, per parameter block. */
export class HeadSums {
  private heads: GradientSum[] = [];

  of(head: number): GradientSum {
    while (this.heads.length <= head) this.heads.push(new GradientSum());
    return this.heads[head];
  }

  /** Adds what was found, by head and block. */
  add(terms: readonly (readonly (Tensor | null)[])[]): void {
    terms.forEach((found, head) => {
      const sum = this.of(head);
      found.forEach((term, block) => {
        if (term !== null) sum.add(block, term);
      });
    });
  }

  copy(): HeadSums {
    const other = new HeadSums();
    other.heads = this.heads.map((sum) => sum.copy());
    return other;
  }

  clear(): void {
    for (const sum of this.heads) sum.clear();
  }

  save(blocks: readonly NamedBlock[]): Record<string, Tensor | null>[] {
    return this.heads.map((sum) => sum.save(blocks));
  }

  /** @throws CheckpointError */
  resume(blocks: readonly NamedBlock[], saved: SavedPart): void {
    this.heads = [];
    saved.list().forEach((part, head) => {
      this.of(head).resume(blocks, part);
    });
  }
}

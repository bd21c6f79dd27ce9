import { add } from "../ops/pointwise.js";
import type { Tensor } from "../tensor/tensor.js";

/** A sum per parameter block. */
export class GradientSum {
  private readonly sums = new Map<number, Tensor>();

  add(block: number, term: Tensor): void {
    const before = this.sums.get(block);
    this.sums.set(block, before === undefined ? term : add(before, term));
  }

  get(block: number): Tensor | null {
    return this.sums.get(block) ?? null;
  }

  clear(): void {
    this.sums.clear();
  }
}

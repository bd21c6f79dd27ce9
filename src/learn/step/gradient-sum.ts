import { add } from "../../ops/pointwise.js";
import type { Tensor } from "../../tensor/tensor.js";

/** a + b, where `null` stands for zero. */
export const plus = (a: Tensor | null, b: Tensor | null): Tensor | null => (a && b ? add(a, b) : (a ?? b));

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
}

import type { TypedArray } from "../../core/dtype.js";

/** Something of a program that holds an array, and may be given another. */
export type Holder = { data: TypedArray };

/**
 * One role of an array in a program: an argument, or a result. Where two roles hold the same array for a while, each is
 * still given its next one alone.
 */
export class Port {
  constructor(
    private array: TypedArray,
    private readonly holders: readonly Holder[],
    /** Of calls that a backend has prepared. */
    private readonly prepared: readonly ((other: TypedArray) => void)[],
  ) {}

  bind(other: TypedArray): void {
    if (other === this.array) return;
    for (const holder of this.holders) holder.data = other;
    for (const bind of this.prepared) bind(other);
    this.array = other;
  }
}

import type { Storage } from "../storage.js";

/** Something of a program that holds a storage, and may be given another. */
export type Holder = { data: Storage };

/**
 * One role of a storage in a program: an argument, or a result. Where two roles hold the same storage for a while, each is
 * still given its next one alone.
 */
export class Port {
  constructor(
    private data: Storage,
    private readonly holders: readonly Holder[],
    /** Of calls that a backend has prepared. */
    private readonly prepared: readonly ((other: Storage) => void)[],
  ) {}

  bind(other: Storage): void {
    if (other === this.data) return;
    for (const holder of this.holders) holder.data = other;
    for (const bind of this.prepared) bind(other);
    this.data = other;
  }
}

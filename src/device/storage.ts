import type { DType, TypedArray } from "../core/dtype.js";

/** Where numbers are: so many of one dtype, in the memory of some device. */
export abstract class Storage {
  abstract readonly dtype: DType;
  /** Number of entries. */
  abstract readonly length: number;
  abstract readonly bytes: number;
  /** Where it lies. */
  abstract readonly device: string;
  /** The memory that it lies in: storages that share it may overlap. */
  abstract readonly memory: object;

  /**
   * The numbers as an array of the host: the one door by which they leave, and whoever records is told. Waits for them and
   * copies them where they are elsewhere; so it is to be read, not written to.
   */
  abstract host(): TypedArray;
  /** The same without waiting: the promise of it. */
  abstract read(): Promise<TypedArray>;
  /** Takes these numbers, as many as there are entries. */
  abstract write(numbers: ArrayLike<number>): void;
  /** Sets all entries to zero. */
  abstract clear(): void;
  /** The same numbers on a storage of their own. What is made of it depends on them: whoever records is told. */
  abstract copy(): Storage;
}

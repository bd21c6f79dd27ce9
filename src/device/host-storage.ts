import { allocate, type DType, type TypedArray } from "../core/dtype.js";
import { recording } from "./recording.js";
import { Storage } from "./storage.js";

/** An array of the host. */
export class HostStorage extends Storage {
  constructor(
    /** For kernels that compute on the host; all others ask `host()`. */
    readonly array: TypedArray,
    readonly dtype: DType,
  ) {
    super();
  }

  get length(): number {
    return this.array.length;
  }

  get bytes(): number {
    return this.array.byteLength;
  }

  get device(): string {
    return "host";
  }

  get memory(): object {
    return this.array.buffer;
  }

  host(): TypedArray {
    recording.by?.read(this);
    return this.array;
  }

  async read(): Promise<TypedArray> {
    return this.host();
  }

  write(numbers: ArrayLike<number>): void {
    this.array.set(numbers);
  }

  clear(): void {
    this.array.fill(0);
  }

  copy(): HostStorage {
    return new HostStorage(this.host().slice(), this.dtype);
  }
}

/** The array behind a storage that a backend of the host was handed: no look at its numbers, which kernels compute with. */
export const arrayOf = (storage: Storage): TypedArray => (storage as HostStorage).array;

/** Zeros on the host. @throws PlanError where they are too many or memory ends */
export const hostZeros = (dtype: DType, n: number, who?: string): HostStorage =>
  new HostStorage(allocate(dtype, n, who), dtype);

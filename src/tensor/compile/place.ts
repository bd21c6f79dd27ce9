/** Where a program reads its arguments. */
import type { TypedArray } from "../../core/dtype.js";
import type { Port } from "../../device/program/port.js";

/** Where a program reads one of its arguments. */
export interface Place {
  /** Has the program read these numbers from now on. */
  put(numbers: TypedArray): void;
}

/** Numbers are copied to where the program reads: quickest for small arrays. */
export class CopiedPlace implements Place {
  constructor(private readonly slot: TypedArray) {}

  put(numbers: TypedArray): void {
    this.slot.set(numbers);
  }
}

/** The program is pointed at the numbers where they lie. */
export class PointedPlace implements Place {
  constructor(private readonly port: Port) {}

  put(numbers: TypedArray): void {
    this.port.bind(numbers);
  }
}

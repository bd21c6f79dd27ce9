/** Where a program reads its arguments. */
import type { Port } from "../../device/program/port.js";
import type { Storage } from "../../device/storage.js";
import { entries, wholeOf } from "../read.js";
import type { Tensor } from "../tensor.js";

/** Where a program reads one of its arguments. */
export interface Place {
  /** Has the program read this tensor from now on. */
  put(t: Tensor): void;
}

/** Numbers are copied to where the program reads: quickest for small arrays. */
export class CopiedPlace implements Place {
  constructor(private readonly slot: Storage) {}

  put(t: Tensor): void {
    this.slot.write(entries(t));
  }
}

/** The program is pointed at the numbers where they lie. */
export class PointedPlace implements Place {
  constructor(private readonly port: Port) {}

  put(t: Tensor): void {
    this.port.bind(wholeOf(t));
  }
}

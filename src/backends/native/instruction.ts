import type { Shape } from "../../core/shape.js";
import type { Storage } from "../../device/storage.js";

/** As many axes as an instruction can have, and one less than what some kernels add. */
export const maximumRank = 11;

/** An operand of an instruction: its stride along each axis of the loop nest, zero where it does not vary. */
export interface Stepped {
  readonly data: Storage;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Takes instructions. */
export interface Instructions {
  /** Appends one: the result is the first operand. False where it does not fit. */
  instruction(
    kernel: string,
    shape: Shape,
    operands: readonly Stepped[],
    attrs?: readonly number[],
    numbers?: readonly number[],
  ): boolean;
}

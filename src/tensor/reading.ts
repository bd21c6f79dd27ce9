import type { Level } from "./level.js";
import type { Op } from "./op.js";
import type { Tensor } from "./tensor.js";

/** A level that knows how to apply ops. Every level that a value belongs to is one. */
export interface Reading extends Level {
  /** Applies `op` where at least one input is followed at this level and none at a higher one. */
  process(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown): Tensor;
  /** The same where the op's value below this level is known already. */
  follow(op: Op<unknown>, inputs: readonly Tensor[], attrs: unknown, output: Tensor): Tensor;
  /** The tensors in a note, such as a tangent: what travels with a value. */
  carried?(note: unknown): readonly Tensor[];
}

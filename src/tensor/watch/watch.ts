import type { Tensor } from "../tensor.js";

/** A part of a derivative, which counts as one whole: what its rule computes on the way is its own affair. */
export interface DerivativePart {
  /** The reading of the op's rule, such as `reverse derivative`. */
  readonly reading: string;
  readonly op: string;
  /** The op's inputs, for messages. */
  readonly inputs: readonly Tensor[];
  /** Everything that goes in: the op's inputs, tangents or cotangents, and what the part is added to. */
  readonly given: readonly Tensor[];
  /** Where the op was called; `null`: where the derivative is. */
  readonly called: string | null;
}

/** One who looks at every number that is computed. */
export interface Watcher {
  /** An op has run on plain values. */
  applied(op: string, inputs: readonly Tensor[], output: Tensor): void;
  /** Runs a part of a derivative; `tensors` lists what came out. */
  derived<T>(part: DerivativePart, compute: () => T, tensors: (result: T) => readonly Tensor[]): T;
}

/** Who watches: nobody by default, and then watching costs one comparison per op. */
export const watch: { by: Watcher | null } = { by: null };

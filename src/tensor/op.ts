import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import type { LinearMap } from "./linear-map.js";
import type { Tensor } from "./tensor.js";

/** Shape and dtype without data. */
export interface Aval {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** One application of an op: what its linearization may look at. */
export interface Site<A> {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  readonly attrs: A;
  /** The level that asks: inputs and output lie below it. */
  readonly level: number;
}

/** The linear maps from an input's tangent to the output's, applied in order; `null` where it does not depend. */
export type Linearization = readonly LinearMap[] | null;

/** An operation: a name, a shape rule and one linearization rule. Kernels live in the backends, under the same name. */
export interface Op<A> {
  readonly name: string;
  infer(inputs: readonly Aval[], attrs: A): Aval;
  /** The linearization with respect to input `i`; `null` for an op without derivative (comparisons, casts to integers). */
  readonly linearize: ((site: Site<A>, i: number) => Linearization) | null;
  /** Computes the op from others, in place of a kernel. */
  readonly evaluate?: (inputs: readonly Tensor[], attrs: A) => Tensor;
  /** A free view of a dense input, where the op only renames memory. */
  readonly view?: (input: Tensor, attrs: A) => Tensor | null;
}

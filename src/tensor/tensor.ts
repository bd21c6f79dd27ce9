import type { DType, TypedArray } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import type { Level } from "./level.js";

/** Numbers in memory: a strided view of one array. */
export interface Dense {
  readonly kind: "dense";
  readonly data: TypedArray;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A shape without data, for planning. */
export interface Abstract {
  readonly kind: "abstract";
}

/** A value that a transformation follows: its primal, and what the transformation notes about it. */
export interface Traced {
  readonly kind: "traced";
  readonly trace: Level;
  readonly primal: Tensor;
  readonly note: unknown;
}

export type Value = Dense | Abstract | Traced;

export const abstractValue: Abstract = { kind: "abstract" };

/**
 * An immutable n-dimensional array. Operations are functions and chainable methods;
 * both are defined in `ops`, so that this class knows no operation.
 */
export class Tensor {
  constructor(
    readonly shape: Shape,
    readonly dtype: DType,
    /** @internal */
    readonly value: Value,
  ) {}

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    let n = 1;
    for (const d of this.shape) n *= d;
    return n;
  }
}

export function isTensor(node: unknown): node is Tensor {
  return node instanceof Tensor;
}

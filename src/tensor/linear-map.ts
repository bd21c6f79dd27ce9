import type { DType } from "../core/dtype.js";
import type { Shape } from "../core/shape.js";
import type { Index } from "../device/attributes.js";
import type { Tensor } from "./tensor.js";

/**
 * The closed set of linear maps that linearization rules are made of. This file holds only their data;
 * each reading (forward, transposed, tied) says once what it does with each kind.
 */
export type LinearMap = Scale | Contract | Reindex | Sum | Cast | Stencil | Paths;

/** t -> c * t elementwise, c broadcastable to t; zero times anything is zero. */
export interface Scale {
  readonly kind: "scale";
  readonly by: Tensor;
}

/** out[outLabels] = sum of t[inLabels] * with[withLabels] over the labels that out lacks. */
export interface Contract {
  readonly kind: "contract";
  readonly with: Tensor;
  readonly inLabels: readonly string[];
  readonly withLabels: readonly string[];
  readonly outLabels: readonly string[];
}

/** Moves entries without arithmetic. */
export type Reindex =
  | { readonly kind: "reshape"; readonly from: Shape; readonly to: Shape }
  | { readonly kind: "permute"; readonly order: readonly number[] }
  | { readonly kind: "broadcast"; readonly from: Shape; readonly to: Shape }
  | TakeMap
  | PutMap;

/** The axis is replaced by the axes of `index`: entry j comes from `index.at[j]`, or is zero where that is -1. */
export interface TakeMap {
  readonly kind: "take";
  readonly axis: number;
  readonly index: Index;
  /** Size of the axis that is taken from. */
  readonly size: number;
}

/** The transpose of `take`: the axes of `index` are summed back into one axis of `size` entries. */
export interface PutMap {
  readonly kind: "put";
  readonly axis: number;
  readonly index: Index;
  readonly size: number;
}

/** Sum over axes, which are dropped. */
export interface Sum {
  readonly kind: "sum";
  readonly axes: readonly number[];
  readonly from: Shape;
}

/** The same numbers in another float dtype. */
export interface Cast {
  readonly kind: "cast";
  readonly from: DType;
  readonly to: DType;
}

/** Several ways at once, as in a rule that a user wrote: each step adds up maps of earlier ones, and the last is the result. */
export interface Paths {
  readonly kind: "paths";
  readonly steps: readonly PathStep[];
}

/** Step k gives value k + 1; value 0 is what the whole map is applied to. */
export interface PathStep {
  readonly terms: readonly { readonly from: number; readonly maps: readonly LinearMap[] }[];
}

/** Linear maps that mix neighbors along value axes; given by how they act. */
export interface Stencil {
  readonly kind: "stencil";
  /** Which op made it, for plans. */
  readonly name: string;
  readonly forward: (t: Tensor) => Tensor;
  readonly transpose: (ct: Tensor) => Tensor;
  /** The same map as a chain of the other kinds, where it has one: the tied reading needs it. */
  readonly chain: (() => readonly LinearMap[]) | null;
}

export const scale = (by: Tensor): LinearMap => ({ kind: "scale", by });
export const contraction = (
  by: Tensor,
  inLabels: readonly string[],
  withLabels: readonly string[],
  outLabels: readonly string[],
): LinearMap => ({ kind: "contract", with: by, inLabels, withLabels, outLabels });
export const summation = (axes: readonly number[], from: Shape): LinearMap => ({ kind: "sum", axes, from });
export const broadcasting = (from: Shape, to: Shape): LinearMap => ({ kind: "broadcast", from, to });

/** An index of `total` entries that holds the `n` entries of an axis from `start` on, and zeros elsewhere. */
export function shiftedIndex(start: number, n: number, total: number): Index {
  return {
    shape: [total],
    at: Int32Array.from({ length: total }, (_, j) => (j >= start && j < start + n ? j - start : -1)),
  };
}

import type { DType } from "../../core/dtype.js";
import type { Work } from "./cost.js";

/** What is to be known of a kernel, besides what it computes: a row of the catalogue. */
export interface Kernel {
  /** What its operands may hold. */
  readonly dtypes: readonly DType[];
  /** The least work that is worth a call of the addon. */
  readonly least: number;
  readonly work: Work;
  /** Whether it writes every entry of its result, which then need not be zeros before. */
  readonly fills: boolean;
  /** Errors in float32; `null` where nothing is claimed, as of kernels that only derivatives are made of. */
  readonly float32: Float32Bound | null;
}

/**
 * In units in the last place of the exact result (2^-23 relative at the lower end of a binade, 2^-24 at the upper;
 * 2^-149 below the normal numbers), over the whole range of float32.
 */
export interface Float32Bound {
  readonly value: number;
  /** Of each first partial derivative, in forward and reverse mode alike. */
  readonly derivative: number;
}

export const floats: readonly DType[] = ["float64", "float32"];
export const numbers: readonly DType[] = ["float64", "float32", "int32"];
export const all: readonly DType[] = ["float64", "float32", "int32", "bool"];
export const booleans: readonly DType[] = ["bool"];

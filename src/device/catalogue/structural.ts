import type { DType } from "../../core/dtype.js";
import {
  cheap,
  contraction,
  convolution,
  convolutionToImage,
  convolutionToKernel,
  perOperand,
  perResult,
  product,
  strided,
  type Work,
} from "./cost.js";
import { all, type Float32Bound, floats, type Kernel, numbers } from "./kernel.js";

/** A row of a kernel that moves, adds up or multiplies entries. */
export interface Structural extends Kernel {
  /** Whether the addon copies its operands, each to its place: it has no kernel of that name. */
  readonly copies: boolean;
}

const kernel = <F extends Float32Bound | null>(
  dtypes: readonly DType[],
  least: number,
  work: Work,
  fills: boolean,
  float32: F,
): Structural & { readonly float32: F } => ({ dtypes, least, work, fills, float32, copies: false });

/** Moves entries, each to its place. */
const copies = (dtypes: readonly DType[], least: number): Structural => ({
  ...kernel(dtypes, least, perResult, true, null),
  copies: true,
});

const bound = (value: number, derivative: number): Float32Bound => ({ value, derivative });

/**
 * Errors in float32 are in units of 2^-24 times what the result would be if no two of its terms had opposite signs: sums are
 * kept in float64 and rounded at the end.
 */
// biome-ignore format: a table is read by its columns
export const structural = {
  //                   dtypes   least    work                 fills  float32
  cast:         copies(all,     cheap),
  reshape:      copies(all,     strided),
  concat:       copies(all,     strided),
  take:         kernel(all,     strided, perResult,           false, null), // nothing is taken from -1
  put:          kernel(numbers, strided, perResult,           false, null),
  sum:          kernel(all,     cheap,   perOperand,          true,  bound(1, 0)),
  max:          kernel(all,     cheap,   perOperand,          true,  bound(0, 2)), // the share of a tie, times the cotangent
  argmax:       kernel(all,     strided, perOperand,          true,  null),
  cumsum:       kernel(all,     strided, perResult,           true,  bound(1, 1)),
  contract:     kernel(floats,  product, contraction,         true,  bound(1, 1)),
  conv2d:       kernel(floats,  product, convolution,         true,  bound(1, 1)),
  conv2dInput:  kernel(floats,  product, convolutionToImage,  true,  null),
  conv2dKernel: kernel(floats,  product, convolutionToKernel, true,  null),
} satisfies Readonly<Record<string, Structural>>;

import type { Storage } from "./storage.js";

/** Element (row, bound) of a factor lies at offset + row . rowStrides + bound . boundStrides. */
export interface Strided {
  readonly data: Storage;
  readonly offset: number;
  readonly rowStrides: readonly number[];
  readonly boundStrides: readonly number[];
}

/** One product that is added into a trace: coefficient(row, bound) * base(row, bound, 0..inner), summed over bound. */
export interface TraceTerm {
  /** Index of the state component whose trace receives the term. */
  readonly into: number;
  /** Row sizes of the term and where its rows lie in the storage: all rows of the trace, or a diagonal of them. */
  readonly rows: readonly number[];
  readonly outOffset: number;
  readonly outStrides: readonly number[];
  readonly bound: readonly number[];
  /** `null`: one. */
  readonly coefficient: Strided | null;
  /**
   * `null`: one. A base is contiguous along the inner axis, or constant along it. One whose data is a trace of the step
   * lies in rows and columns of that trace, and is read as it was before any row was written.
   */
  readonly base: (Strided & { readonly constantInner: boolean }) | null;
  /** The base is the old trace of this state component, row for row: read before any row of the step is written. */
  readonly own: number | null;
}

/** A contraction of the traces with a vector over their rows, added into a gradient. */
export interface TraceContraction {
  /** One vector per state component over the rows of the trace; `null` where it is zero. */
  readonly vectors: readonly (Strided | null)[];
}

/**
 * Advances the traces of one area for one parameter block, all state components in one pass:
 *
 *     G     += sum over rows, k of  before_k[row] * S_k[row, :]
 *     S'_k   = sum over terms into k of coefficient * base         (in place)
 *     G     += sum over rows, k of  after_k[row] * S'_k[row, :]
 *
 * Strong zeros: a coefficient or base entry of exactly zero contributes zero whatever the other factor is.
 */
export interface TraceStep {
  /** The storage of a trace [rows x inner] for each state component, updated in place. */
  readonly traces: readonly Storage[];
  readonly rows: readonly number[];
  readonly inner: number;
  /**
   * Entry j of row r of every trace lies at traceOffset + r . traceStrides + j, so that a trace may be some columns of a
   * wider matrix. Rows lie apart: each stride is longer than all that lies within it.
   */
  readonly traceOffset: number;
  readonly traceStrides: readonly number[];
  readonly terms: readonly TraceTerm[];
  readonly before: TraceContraction | null;
  readonly after: TraceContraction | null;
  /** Row r of G starts at gradientOffset + gradientStrides . r; rows that share a parameter add up. */
  readonly gradient: Storage | null;
  readonly gradientOffset: number;
  readonly gradientStrides: readonly number[];
  /** Whether the traces hold anything yet: false in the first step, where old traces are zero. */
  readonly started: boolean;
}

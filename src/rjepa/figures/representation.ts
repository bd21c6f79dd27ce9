/**
 * What figures judge: anything that turns sequences of fixated patches into an embedding at each fixation, be it an R-JEPA or
 * three numbers of color. Arrays are row-major; N sequences of T fixations, S concentric crops of P x P pixels, d units.
 */

/** Sequences whose crops are cut when they are asked for. */
export interface Fixations {
  readonly count: number;
  /** Fixations of each sequence, T. */
  readonly steps: number;
  /** Crops of a fixation, S, the smallest first. */
  readonly scales: number;
  /** Side of a crop after averaging, P. */
  readonly size: number;
  /** Which image each sequence looks at, [N]: viewers share images, so whatever is resampled or compared is images. */
  readonly image: Int32Array;
  /** Positions, [N, T, 2], in pixels of the image. */
  readonly positions: Float64Array;
  /** Diagonal of each sequence's image, [N], in pixels. */
  readonly diagonal: Float64Array;
  /** Crops of some sequences at steps `from` to `to` (not included), [n, to - from, S, 3, P, P], red, green and blue, 0 to 255. */
  crops(sequences: ArrayLike<number>, from: number, to: number): Float32Array;
}

/** What a representation makes of n sequences of t fixations. */
export interface Readout {
  /** Embeddings h(t), [n, t, d], with all that was seen before. */
  readonly h: Float64Array;
  /** Embeddings of each patch alone, from the zero state, [n, t, d]. */
  readonly fresh: Float64Array;
  /** All recurrent states side by side, c(t), [n, t, c]; null where there are none. */
  readonly context: Float64Array | null;
  /** Embeddings [n, d] of other last patches, after the same past and alone. */
  readonly others: readonly { readonly h: Float64Array; readonly fresh: Float64Array }[];
}

export interface Representation {
  readonly name: string;
  /** Size of an embedding, d. */
  readonly size: number;
  /** What a prediction is compared with: the embedding after its past, or that of the patch alone. */
  readonly target: "recurrent" | "fresh";
  /** Names of the figures that it is for; default all. */
  readonly only?: readonly string[];
  /**
   * Reads crops [n, t, S, 3, P, P]; `others` are crops [n, S, 3, P, P] that stand in for the last patch, one set for each
   * comparison.
   */
  read(crops: Float32Array, n: number, t: number, others?: readonly Float32Array[]): Readout;
  /**
   * The model's own prediction of the next target, [rows, d], from embeddings [rows, d] and the saccades that follow,
   * [rows, 2], over the diagonal, and contexts, [rows, c]; absent where there is none, and a ridge regression stands in.
   */
  predict?(
    h: Float64Array,
    saccades: Float64Array,
    rows: number,
    context?: Float64Array | null,
  ): Float64Array;
}

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

/** Numbers of a patch that need no learning. */
export interface PatchFeatures {
  readonly name: string;
  /** Numbers of a patch, d. */
  readonly size: number;
  /** Of crops [n, S, 3, P, P]: [n, d]. */
  of(crops: Float32Array, n: number): Float64Array;
}

/** What is made of crops [n, t, S, 3, P, P]; `others` are crops [n, S, 3, P, P] that stand in for the last patch, one set for each comparison. */
export type Read = (crops: Float32Array, n: number, t: number, others?: readonly Float32Array[]) => Readout;

/** What is made of numbers that each patch has alone. */
export interface Patchwise {
  readonly features: PatchFeatures;
  /** Of those of n sequences, [n, t, d], and of other last patches, [n, d] each. */
  held(fresh: Float64Array, t: number, others: readonly Float64Array[]): Readout;
}

/** What there is to say of a representation, however it is made. */
export interface Described {
  readonly name: string;
  /** Size of an embedding, d. */
  readonly size: number;
  /** What a prediction is compared with: the embedding after its past, or that of the patch alone. */
  readonly target: "recurrent" | "fresh";
  /** Names of the figures that it is for; default all. */
  readonly only?: readonly string[];
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

/**
 * It reads crops; or it is made of numbers of each patch alone, which are computed once for all that is asked, and for all
 * representations of them that follow.
 */
export type Representation = Described &
  (
    | { readonly read: Read; readonly patchwise?: undefined }
    | { readonly patchwise: Patchwise; readonly read?: undefined }
  );

/** One that reads crops. */
export type CropReader = Representation & { readonly read: Read };

/** How a representation reads crops, whichever way it is made. */
export function readerOf({ read, patchwise }: Representation): Read {
  if (patchwise === undefined) return read;
  const { features, held } = patchwise;
  return (crops, n, t, others = []) =>
    held(
      features.of(crops, n * t),
      t,
      others.map((other) => features.of(other, n)),
    );
}

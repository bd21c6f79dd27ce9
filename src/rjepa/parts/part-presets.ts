/** Parts of an R-JEPA beside its areas, in words that are saved with it. */

/**
 * How the next target is predicted: by a matrix, or by a network with one hidden layer of GELUs (`mlp`), in every area that
 * predicts. What the predictor is told beside the embedding, that of the top area is told alone: it sees as far as the eye went.
 */
export interface PredictorPreset {
  readonly kind: "linear" | "mlp";
  /**
   * Whether it is told the saccade that follows; a linear one also scales what it sees by it (it is bilinear then). Default false.
   */
  readonly saccade?: boolean;
  /**
   * Whether it is told the context, the states of all dense areas. The gradient reaches them where it would reach them through the
   * areas: with the objective `areas` it passes to the top area's own states, and those below are constants. Default false.
   */
  readonly context?: boolean;
  /** Units of the hidden layer of an `mlp`. */
  readonly hidden?: number;
}

/**
 * A target of parameters that follow those that learn (Grill et al. 2020; Assran et al. 2023): the embedding of the next fixation's
 * patch alone, from the zero state.
 */
export interface SlowTarget {
  readonly kind: "ema";
  /** Share of itself that a slow parameter keeps in the first update, in [0, 1); it goes to 1 along a cosine over all updates. */
  readonly momentum: number;
}

/**
 * What prevents embeddings from becoming one point or one line, by weights on the penalties of VICReg (Bardes et al. 2022) for the
 * embeddings h(t) of each area that predicts, over the streams of a step: a hinge that keeps standard deviations above 1, and the
 * squared covariances of different units. It needs at least two streams.
 */
export interface RegularizerPreset {
  /** Weight of the hinge; default 0. */
  readonly variance?: number;
  /** Weight of the covariances; default 0. */
  readonly covariance?: number;
}

/** How a head learns. */
export interface HeadPreset {
  /** Its rate over that of the areas; default 10, as of predictors. */
  readonly rate?: number;
  /** Whether its error reaches what it reads, and so changes what the areas learn; default false. */
  readonly gradient?: boolean;
}

export interface ClassPreset extends HeadPreset {
  /** How many labels there are. */
  readonly classes: number;
  /** What it reads at the last step of a sequence: the embedding of the top area, or the context; default `embedding`. */
  readonly from?: "embedding" | "context";
}

/** What else is read from a model, by linear maps; they change nothing in it unless they are asked to. */
export interface HeadsPreset {
  /** The next saccade over the image's diagonal, from the context, the eye's position and the last saccade. */
  readonly saccade?: HeadPreset;
  /** The label of a sequence, at its last step. */
  readonly class?: ClassPreset;
}

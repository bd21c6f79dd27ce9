import { ArgumentError } from "../../core/errors.js";
import { nameOf } from "../../core/kinds.js";
import type { HeadsPreset, PredictorPreset, RegularizerPreset, SlowTarget } from "./part-presets.js";

/**
 * How the input of an area reaches its units, as `onward/cells` has it by these names: `linear`, a matrix over all of the input, or
 * over the means of its channels where it pools; `conv`, kernels over channels, 3x3 unless their side says otherwise; `stem`, how
 * a residual network begins; and its stages of blocks, `residual` and `bottleneck`. A name alone has nothing more to say.
 */
export type DrivePreset =
  | "linear"
  | "conv"
  | "stem"
  | { readonly kind: "linear"; readonly pool?: boolean }
  | { readonly kind: "conv"; readonly size?: number }
  | { readonly kind: "residual"; readonly blocks?: number }
  | { readonly kind: "bottleneck"; readonly blocks?: number };

/** What an area is made of, and how long it remembers at the start. */
export interface AreaPreset {
  readonly drive: DrivePreset;
  /** Units of a linear drive, channels of the others. */
  readonly units: number;
  /** Stride of a convolution or of the first block of a stage, in pixels; default 1. A stem has one of 4. */
  readonly stride?: number;
  /** How the gates of channels read a state: the weights of each alone, 3x3 within each, or 3x3 over all; default `pointwise`. */
  readonly gates?: "pointwise" | "depthwise" | "conv";
  /** Whether both states are driven by one set of parameters, with biases of their own; default false. */
  readonly shared?: boolean;
  readonly activation?: "elu" | "tanh";
  /**
   * Whether the embedding reads the means of channels over all positions, [C], in place of every unit, [C H W]; default false.
   * The matrix to the embedding of a large picture would outgrow all else.
   */
  readonly pool?: boolean;
  /** Share of its state that a unit keeps from step to step, 0 to 1; a list is dealt to equal groups of units, in order. */
  readonly keep: number | readonly number[];
}

/** What an R-JEPA is made of. It is saved with the model; one of your own is as good as ours. */
export interface Preset {
  readonly name: string;
  readonly input: {
    /**
     * What is passed on of a crop: five channels of a retina, without mean and contrast (the default), or its colors, standardized
     * by constants.
     */
    readonly channels?: "retina" | "color";
    /** Sides of the concentric crops around a fixation, in pixels of the image. */
    readonly crops: readonly number[];
    /** Side that each crop is averaged to, in pixels. */
    readonly size: number;
  };
  /** Bottom to top. */
  readonly areas: readonly AreaPreset[];
  /** Size d of an embedding. */
  readonly embedding: number;
  /** Which areas predict: the top one, or every area for itself, where none learns from the one above. */
  readonly objective: "top" | "areas";
  /**
   * What a prediction is compared with: the embedding of the next fixation with its past, of its patch alone, of its patch alone by
   * parameters that follow slowly (`{ kind: "ema", momentum: 0.99 }`), or (`gradient`, the control that collapses) with its past
   * and its derivative.
   */
  readonly target: "recurrent" | "fresh" | "gradient" | SlowTarget;
  /**
   * Whose mean the outputs of an area lose before they are embedded. `batch`, the default: that of the batch at each step, which
   * the gradient sees. `running`: a running one over all steps, a constant for the gradient as the deviation always is. It is for a
   * single endless stream, where a batch of one has no mean, and has two flaws: the encoder chases a mean that lags behind, and one
   * mean of all steps lets an embedding encode time.
   */
  readonly head?: "batch" | "running";
  readonly predictor: PredictorPreset;
  /** Default: none. */
  readonly regularizer?: RegularizerPreset;
  /** Default: none. */
  readonly heads?: HeadsPreset;
  /** `false`: every step starts from zero states, as of a network without recurrence; default true. */
  readonly recurrent?: boolean;
}

const slow = 0.9;
const fast = 0.12;

/** `count` numbers from `first` to `last`, evenly. */
const spread = (first: number, last: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => first + ((last - first) * i) / (count - 1));

const sizes = {
  nano: { size: 16, channels: [8, 12, 16], units: 48, embedding: 24 },
  tiny: { size: 32, channels: [8, 16, 32], units: 64, embedding: 32 },
} as const;

interface Layers {
  readonly channels: readonly number[];
  readonly units: number;
  /** Shares that areas keep. */
  readonly keep: AreaPreset["keep"];
  readonly top: AreaPreset["keep"];
}

/** Three convolutional areas that halve the picture and three dense ones. */
function layers({ channels, units, keep, top }: Layers): AreaPreset[] {
  const dense = { drive: "linear", units } as const;
  return [
    ...channels.map((n) => ({ drive: "conv", units: n, stride: 2, keep }) as const),
    { ...dense, keep },
    { ...dense, keep },
    { ...dense, keep: top },
  ];
}

/** What models of one size have in common; the top area keeps `top`. */
function ofSize(
  name: keyof typeof sizes,
  top: AreaPreset["keep"],
): Pick<Preset, "input" | "areas" | "embedding"> {
  const { size, embedding, ...given } = sizes[name];
  return { input: { crops: [64, 128, 256], size }, areas: layers({ ...given, keep: fast, top }), embedding };
}

const halves = [fast, slow];

/** What an area of the first versions keeps, and all but what it takes of its input: gates of biases +2 and -2. */
const firstKeep = 1 / (1 + Math.exp(2));

/** What the first versions have in common: colors of one crop, and one running mean. */
function firstVersion(name: keyof typeof sizes, units: number, embedding: number): Preset {
  const { size, channels } = sizes[name];
  return {
    name: `${name}-v1`,
    input: { channels: "color", crops: [64], size },
    areas: layers({ channels, units, keep: firstKeep, top: firstKeep }),
    embedding,
    objective: "top",
    target: "recurrent",
    head: "running",
    predictor: { kind: "linear" },
  };
}

/**
 * What recipes of stages have in common. They learn by backpropagation through time: a parameter deep in a stage reaches every
 * unit of its area, so that exact learning forward in time would hold a number for each pair of them, which its plan refuses for
 * resnet50; and to learn of the present step alone would be to learn nothing, since a prediction is read from the step before.
 */
const staged = {
  input: { crops: [64, 128, 256], size: 64 },
  objective: "areas",
  target: "fresh",
  predictor: { kind: "linear" },
} as const;

/** A pooled head of units that half keep their past. */
const head = (units: number): AreaPreset => ({ drive: { kind: "linear", pool: true }, units, keep: halves });

/** Presets by name. */
export const presets: Readonly<Record<string, Preset>> = {
  content: {
    name: "content",
    ...ofSize("nano", halves),
    objective: "areas",
    target: "fresh",
    predictor: { kind: "linear" },
  },
  memory: {
    name: "memory",
    ...ofSize("nano", [...new Array<number>(24).fill(fast), ...spread(0.5, 0.95, 24)]),
    objective: "top",
    target: "recurrent",
    predictor: { kind: "linear" },
  },
  online: {
    name: "online",
    ...ofSize("nano", halves),
    objective: "areas",
    target: "fresh",
    predictor: { kind: "linear", saccade: true },
  },
  tiny: {
    name: "tiny",
    ...ofSize("tiny", halves),
    objective: "areas",
    target: "fresh",
    predictor: { kind: "linear", saccade: true },
  },
  "nano-v1": firstVersion("nano", 32, 16),
  "tiny-v1": firstVersion("tiny", 64, 32),
  small: {
    name: "small",
    ...staged,
    areas: [
      ...[16, 32, 64, 96, 128].map(
        (units) =>
          ({ drive: { kind: "residual" }, units, stride: 2, shared: true, pool: true, keep: fast }) as const,
      ),
      head(128),
    ],
    embedding: 64,
  },
  resnet50: {
    name: "resnet50",
    ...staged,
    areas: [
      { drive: "stem", units: 64, shared: true, pool: true, keep: fast },
      ...[3, 4, 6, 3].map(
        (blocks, i) =>
          ({
            drive: { kind: "bottleneck", blocks },
            units: 256 * 2 ** i,
            // the stem has shrunk the picture for the first of them
            stride: i === 0 ? 1 : 2,
            shared: true,
            pool: true,
            keep: fast,
          }) as const,
      ),
      head(256),
    ],
    embedding: 128,
  },
};

/** A preset by name. @throws ArgumentError for an unknown name */
export function presetNamed(name: string): Preset {
  const preset = typeof name === "string" && Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (!preset)
    throw new ArgumentError(
      `preset: expected one of ${Object.keys(presets).join(", ")}, got ${nameOf(name)}`,
    );
  return preset;
}

import { ArgumentError } from "../../core/errors.js";
import { nameOf } from "../../core/kinds.js";

/** What an area is made of, and how long it remembers at the start. */
export interface AreaPreset {
  /** How its input reaches its units: 3x3 kernels over channels, or a matrix over all of the input. */
  readonly drive: "conv" | "linear";
  /** Units, or channels where the drive is a convolution. */
  readonly units: number;
  /** Stride of a convolution, in pixels; default 1. */
  readonly stride?: number;
  readonly activation?: "elu" | "tanh";
  /** Share of its state that a unit keeps from step to step, 0 to 1; a list is dealt to equal groups of units, in order. */
  readonly keep: number | readonly number[];
}

/** What an R-JEPA is made of. It is saved with the model; one of your own is as good as ours. */
export interface Preset {
  readonly name: string;
  readonly input: {
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
   * What a prediction is compared with: the embedding of the next fixation with its past, of its patch alone, or (`gradient`, the
   * control that collapses) with its past and its derivative.
   */
  readonly target: "recurrent" | "fresh" | "gradient";
  /** Whether the top predictor is told the saccade, and scales what it sees by it. */
  readonly saccade: boolean;
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

/** Three convolutional areas that halve the picture and three dense ones, of which the top keeps `keep`. */
function ofSize(
  size: keyof typeof sizes,
  keep: AreaPreset["keep"],
): Pick<Preset, "input" | "areas" | "embedding"> {
  const { channels, units, embedding, ...input } = sizes[size];
  const dense = { drive: "linear", units } as const;
  return {
    input: { crops: [64, 128, 256], ...input },
    areas: [
      ...channels.map((n) => ({ drive: "conv", units: n, stride: 2, keep: fast }) as const),
      { ...dense, keep: fast },
      { ...dense, keep: fast },
      { ...dense, keep },
    ],
    embedding,
  };
}

const halves = [fast, slow];

/** Recipes by name. */
export const presets: Readonly<Record<string, Preset>> = {
  content: {
    name: "content",
    ...ofSize("nano", halves),
    objective: "areas",
    target: "fresh",
    saccade: false,
  },
  memory: {
    name: "memory",
    ...ofSize("nano", [...new Array<number>(24).fill(fast), ...spread(0.5, 0.95, 24)]),
    objective: "top",
    target: "recurrent",
    saccade: false,
  },
  online: { name: "online", ...ofSize("nano", halves), objective: "areas", target: "fresh", saccade: true },
  tiny: { name: "tiny", ...ofSize("tiny", halves), objective: "areas", target: "fresh", saccade: true },
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

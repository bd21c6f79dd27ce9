import { ArgumentError } from "../core/errors.js";
import { nameOf } from "../core/kinds.js";

/** One convolutional area: 3x3 kernels with a stride, and its channels. */
export interface ConvArea {
  readonly stride: number;
  readonly channels: number;
}

/** Sizes of an R-JEPA. */
export interface Preset {
  readonly name: string;
  /** Side of the square crop around a fixation, in pixels of the image. */
  readonly crop: number;
  /** Side of the patch that the model sees, in pixels. */
  readonly size: number;
  readonly conv: readonly ConvArea[];
  /** Units of the dense areas above. */
  readonly dense: readonly number[];
  /** Size d of the embedding. */
  readonly embedding: number;
}

export const presets: Readonly<Record<string, Preset>> = {
  nano: {
    name: "nano",
    crop: 64,
    size: 16,
    conv: [
      { stride: 2, channels: 8 },
      { stride: 2, channels: 12 },
      { stride: 2, channels: 16 },
    ],
    dense: [32, 32, 32],
    embedding: 16,
  },
  tiny: {
    name: "tiny",
    crop: 64,
    size: 32,
    conv: [
      { stride: 2, channels: 8 },
      { stride: 2, channels: 16 },
      { stride: 2, channels: 32 },
    ],
    dense: [64, 64, 64],
    embedding: 32,
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

/** A small R-JEPA and fixations of noise, for tests. */
import { foldIn, type Key } from "../../../src/core/prng.js";
import { mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import { inputShape } from "../../../src/rjepa/parts/area.js";
import { type Preset, presets } from "../../../src/rjepa/parts/preset.js";
import type { Batch } from "../../../src/rjepa/parts/train.js";

/** Three areas, of which one is convolutional. */
export const small = (parts: Partial<Preset> = {}): Preset => ({
  ...presets.content,
  name: "small",
  input: { crops: [16], size: 8 },
  areas: [
    { drive: "conv", units: 3, stride: 2, keep: 0.3 },
    { drive: "linear", units: 5, keep: [0.2, 0.9] },
    { drive: "linear", units: 4, keep: 0.5 },
  ],
  embedding: 3,
  ...parts,
});

/** Inputs and saccades of a batch of streams. */
export const noise = (
  preset: Preset,
  key: Key,
  batch: number,
  steps: number,
  dtype: "float32" | "float64" = "float64",
): Batch =>
  Array.from({ length: steps }, (_, t) => ({
    input: normal(foldIn(foldIn(key, "input"), t), [batch, ...inputShape(preset)], { dtype }),
    saccade: mul(normal(foldIn(foldIn(key, "saccade"), t), [batch, 2], { dtype }), 0.2),
  }));

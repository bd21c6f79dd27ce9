/** A small R-JEPA and fixations of noise, for tests. */
import { foldIn, type Key, uniform } from "../../../src/core/prng.js";
import { tensor } from "../../../src/ops/create.js";
import { mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import type { Batch } from "../../../src/rjepa/parts/compose.js";
import { inputShape } from "../../../src/rjepa/parts/input.js";
import { type Preset, presets } from "../../../src/rjepa/parts/preset.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

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

/** Labels [B, classes] of streams, drawn anew for each. */
const labelsOf = (key: Key, batch: number, classes: number, dtype: "float32" | "float64"): Tensor =>
  tensor(
    Array.from(uniform(key, batch), (u) =>
      Array.from({ length: classes }, (_, c) => (c === Math.floor(u * classes) ? 1 : 0)),
    ),
    { dtype },
  );

/** Fixations of a batch of streams, with what the heads of a preset are asked. */
export function noise(
  preset: Preset,
  key: Key,
  batch: number,
  steps: number,
  dtype: "float32" | "float64" = "float64",
): Batch {
  const drawn = (of: string, t: number, shape: readonly number[]): Tensor =>
    normal(foldIn(foldIn(key, of), t), [batch, ...shape], { dtype });
  const saccadeAt = (t: number): Tensor => mul(drawn("saccade", t, [2]), 0.2);
  const { saccade, class: labels } = preset.heads ?? {};
  return Array.from({ length: steps }, (_, t) => {
    const isLast = t === steps - 1;
    return {
      input: drawn("input", t, inputShape(preset)),
      saccade: saccadeAt(t),
      ...(saccade && {
        position: mul(drawn("position", t, [2]), 0.3),
        next: isLast ? null : saccadeAt(t + 1),
      }),
      ...(labels && {
        label: isLast ? labelsOf(foldIn(key, "label"), batch, labels.classes, dtype) : null,
      }),
    };
  });
}

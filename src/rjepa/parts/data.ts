import { cutSequences } from "../../data/batches.js";
import type { Fovea } from "../../data/fovea.js";
import type { Gallery } from "../../data/gallery.js";
import type { References } from "../../data/references.js";
import { fromData } from "../../tensor/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Fixations } from "../figures/representation.js";
import { inputShape } from "./input.js";
import type { Preset } from "./preset.js";
import type { Step } from "./steps.js";
import type { Batch } from "./train.js";

/** Labels as rows of zeros with a one, [n, classes]. */
function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return rows;
}

/** Steps as tensors, with what the heads of a preset are asked. */
export const batchOf = (preset: Preset, steps: readonly Step[]): Batch =>
  steps.map(({ input, saccade, position, label }, t) => {
    const { saccade: aims, class: labels } = preset.heads ?? {};
    const n = saccade.length / 2;
    const given = (values: Float32Array, shape: readonly number[]): Tensor =>
      fromData(values, [n, ...shape], "float32");
    const next = steps[t + 1]?.saccade ?? null;
    return {
      input: given(input, inputShape(preset)),
      saccade: given(saccade, [2]),
      ...(aims === undefined
        ? {}
        : { position: given(position, [2]), next: next === null ? null : given(next, [2]) }),
      ...(labels === undefined
        ? {}
        : { label: label === null ? null : given(oneHot(label, labels.classes), [labels.classes]) }),
    };
  });

/** Sequences of a data set as figures see them; all of them, or those of these numbers. */
export function fixationsOf(
  gallery: Gallery,
  data: References,
  fovea: Fovea,
  which: ArrayLike<number> = data.sequences.map((_, i) => i),
): Fixations {
  const chosen = Array.from(which, (i) => data.sequences[i]);
  const sizes = chosen.map(({ image }) => data.images[image]);
  return {
    count: chosen.length,
    steps: data.steps,
    scales: fovea.crops.length,
    size: fovea.size,
    image: Int32Array.from(chosen, ({ image }) => image),
    positions: Float64Array.from(chosen.flatMap(({ fixations }) => [...fixations])),
    diagonal: Float64Array.from(sizes, ({ width, height }) => Math.hypot(width, height)),
    crops: (some, from, to) =>
      cutSequences(
        gallery,
        data,
        Array.from(some, (i) => which[i]),
        fovea,
        { from, to },
      ).crops,
  };
}

import { count, having, instanceOf, listOf } from "../../core/kinds.js";
import { aGallery, anArray, cutSequences } from "../../data/batches.js";
import { aFovea, type Fovea } from "../../data/fovea.js";
import type { Gallery } from "../../data/gallery.js";
import { type References, someReferences } from "../../data/references.js";
import { fromData } from "../../tensor/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Fixations } from "../figures/representation.js";
import type { Batch } from "./compose.js";
import { inputShape } from "./input.js";
import type { Preset } from "./preset.js";
import { requirePreset } from "./require.js";
import type { Step } from "./steps.js";

/** Labels as rows of zeros with a one, [n, classes]. */
function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return rows;
}

/** Steps as tensors, with what the heads of a preset are asked. */
export function batchOf(preset: Preset, steps: readonly Step[]): Batch {
  requirePreset("batchOf", preset);
  someSteps("batchOf", "the steps", steps);
  return steps.map(({ input, saccade, position, label }, t) => {
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
}

const numbers = instanceOf(Float32Array);
const someSteps = listOf(having({ input: numbers, saccade: numbers, position: numbers }), 1);

/** Sequences of a data set as figures see them; all of them, or those of these numbers. */
export function fixationsOf(
  gallery: Gallery,
  data: References,
  fovea: Fovea,
  chosenOnes?: ArrayLike<number>,
): Fixations {
  aGallery("fixationsOf", "the gallery", gallery);
  someReferences("fixationsOf", "the data set", data);
  aFovea("fixationsOf", "the fovea", fovea);
  const which = chosenOnes ?? data.sequences.map((_, i) => i);
  const known = count(0, data.sequences.length - 1);
  const chosen = Array.from(which, (i) => {
    known("fixationsOf", "a sequence", i);
    return data.sequences[i];
  });
  const sizes = chosen.map(({ image }) => data.images[image]);
  return {
    count: chosen.length,
    steps: data.steps,
    scales: fovea.crops.length,
    size: fovea.size,
    image: Int32Array.from(chosen, ({ image }) => image),
    positions: Float64Array.from(chosen.flatMap(({ fixations }) => [...fixations])),
    diagonal: Float64Array.from(sizes, ({ width, height }) => Math.hypot(width, height)),
    crops(some, from, to) {
      anArray("crops", "the sequences", some);
      const cut = Array.from(some, (i) => which[i]);
      return cutSequences(gallery, data, cut, fovea, { from, to }).crops;
    },
  };
}

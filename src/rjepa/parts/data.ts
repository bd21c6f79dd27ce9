import { DataError } from "../../core/errors.js";
import { foldIn, type Key, permutation } from "../../core/prng.js";
import { cutSequences } from "../../data/batches.js";
import type { Fovea } from "../../data/fovea.js";
import type { Gallery } from "../../data/gallery.js";
import type { References } from "../../data/references.js";
import { retina } from "../../data/retina.js";
import { fromData } from "../../tensor/apply.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Fixations } from "../figures/representation.js";
import { inputShape } from "./area.js";
import type { Preset } from "./preset.js";
import type { Batch } from "./train.js";

export interface BatchOptions {
  /** Streams in parallel. */
  readonly batch: number;
  /** Decides on order and changes of the sequences. */
  readonly key: Key;
  /** `shuffle`: every step's patch comes from another sequence of the batch, so that nothing can be predicted. */
  readonly control?: "none" | "shuffle";
}

/** What is made of crops for a model: one step of a batch. */
interface Step {
  readonly input: Float32Array;
  readonly saccade: Float32Array;
}

/**
 * The steps of the batch of an update, made of the data set by the key alone: whoever asks for the same update gets the same.
 * Each epoch is an order of its own over all sequences, of which those beyond the last whole batch are left out.
 * @throws DataError where there are too few for one batch
 */
export function stepsOf(
  gallery: Gallery,
  data: References,
  { input: fovea }: Pick<Preset, "input">,
  { batch: n, key, control = "none" }: BatchOptions,
  update: number,
): Step[] {
  const { steps: t } = data;
  const perEpoch = Math.floor(data.sequences.length / n);
  if (perEpoch < 1)
    throw new DataError(
      `train: expected at least ${n} sequences for a batch of ${n}, got ${data.sequences.length}`,
    );
  const [epoch, at] = [Math.floor(update / perEpoch), update % perEpoch];
  const order = permutation(foldIn(foldIn(key, "order"), epoch), data.sequences.length);
  const which = order.subarray(at * n, (at + 1) * n);
  const augment = foldIn(foldIn(key, "changes"), epoch);
  const { crops, saccades } = cutSequences(gallery, data, which, fovea, { augment });
  const seen = retina(crops, n * t, fovea.crops.length, fovea.size);
  const frame = seen.length / (n * t);
  return Array.from({ length: t }, (_, step) => {
    const [input, saccade] = [new Float32Array(n * frame), new Float32Array(2 * n)];
    for (let b = 0; b < n; b++) {
      const from = control === "shuffle" ? (b + 3 * step + 1) % n : b;
      const row = from * t + step;
      input.set(seen.subarray(row * frame, (row + 1) * frame), b * frame);
      const own = 2 * (b * t + step);
      saccade.set([saccades[own], saccades[own + 1]], 2 * b);
    }
    return { input, saccade };
  });
}

/** Steps as tensors. */
export const batchOf = (preset: Preset, steps: readonly Step[]): Batch =>
  steps.map(({ input, saccade }) => {
    const n = saccade.length / 2;
    const given = (values: Float32Array, shape: readonly number[]): Tensor =>
      fromData(values, [n, ...shape], "float32");
    return { input: given(input, inputShape(preset)), saccade: given(saccade, [2]) };
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

/** Bytes of crops that are kept at most; what takes more is cut anew each time. */
const mostKept = 2 ** 29;

/** The same sequences with their crops cut once and kept, where these are few enough: many representations ask for them. */
export function kept(fixations: Fixations): Fixations {
  const { count: n, steps: t, scales, size } = fixations;
  const frame = scales * 3 * size * size;
  if (n * t * frame * Float32Array.BYTES_PER_ELEMENT > mostKept) return fixations;
  let all: Float32Array | null = null;
  return {
    ...fixations,
    crops(some, from, to) {
      all ??= fixations.crops(
        Array.from({ length: n }, (_, i) => i),
        0,
        t,
      );
      const run = (to - from) * frame;
      const out = new Float32Array(some.length * run);
      for (let k = 0; k < some.length; k++) {
        const at = (some[k] * t + from) * frame;
        out.set(all.subarray(at, at + run), k * run);
      }
      return out;
    },
  };
}

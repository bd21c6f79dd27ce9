/** Batches as plain numbers: no tensors here, so that a thread that cuts them loads none. */
import { DataError } from "../../core/errors.js";
import { foldIn, type Key, permutation } from "../../core/prng.js";
import { cutSequences } from "../../data/batches.js";
import type { Gallery } from "../../data/gallery.js";
import type { References } from "../../data/references.js";
import { retina } from "../../data/retina.js";
import type { Preset } from "./preset.js";

export interface BatchOptions {
  /** Streams in parallel. */
  readonly batch: number;
  /** Decides on order and changes of the sequences. */
  readonly key: Key;
  /** `shuffle`: every step's patch comes from another sequence of the batch, so that nothing can be predicted. */
  readonly control?: "none" | "shuffle";
}

/** What is made of crops for a model: one step of a batch. */
export interface Step {
  /** [B, 5 S, P, P], what a retina passes on of the crops. */
  readonly input: Float32Array;
  /** [B, 2], the displacement from the fixation before, over the image's diagonal. */
  readonly saccade: Float32Array;
}

/**
 * Whole batches of n that an order of all sequences gives.
 * @throws DataError where there are too few sequences for one
 */
export function batchesPerEpoch(data: References, n: number): number {
  if (data.sequences.length < n)
    throw new DataError(
      `train: expected at least ${n} sequences for a batch of ${n}, got ${data.sequences.length}`,
    );
  return Math.floor(data.sequences.length / n);
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
  const perEpoch = batchesPerEpoch(data, n);
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

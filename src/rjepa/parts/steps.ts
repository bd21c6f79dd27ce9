/** Batches as plain numbers: no tensors here, so that a thread that cuts them loads none. */
import { DataError } from "../../core/errors.js";
import { anything, count, having, type Known, oneOf, options as optionsOf } from "../../core/kinds.js";
import { foldIn, type Key, permutation } from "../../core/prng.js";
import { aGallery, cutSequences } from "../../data/batches.js";
import type { Gallery } from "../../data/gallery.js";
import { aKey } from "../../data/kinds.js";
import { type References, someReferences } from "../../data/references.js";
import { seenOf } from "./input.js";
import type { Preset } from "./preset.js";

export interface BatchOptions {
  /** Streams in parallel. */
  readonly batch: number;
  /** Decides on order and changes of the sequences. */
  readonly key: Key;
  /** `shuffle`: every step's patch comes from another sequence of the batch, so that nothing can be predicted. */
  readonly control?: "none" | "shuffle";
}

/** What orders a batch, of more than that. */
export const orderOf = ({ batch, key, control }: BatchOptions): BatchOptions => ({
  batch,
  key,
  ...(control === undefined ? {} : { control }),
});

/** What is made of crops for a model: one step of a batch. */
export interface Step {
  /** [B, C, P, P], what is passed on of the crops. */
  readonly input: Float32Array;
  /** [B, 2], the displacement from the fixation before, over the image's diagonal. */
  readonly saccade: Float32Array;
  /** [B, 2], the eye's place from the image's center, over its diagonal. */
  readonly position: Float32Array;
  /** [B], numbers of the sequences' labels, at the last step; else, and where the data have none, `null`. */
  readonly label: Int32Array | null;
}

const known: Known<BatchOptions> = { batch: count(1), key: aKey, control: oneOf("none", "shuffle") };

/** The arrays of steps, which change hands between threads. */
export const buffersOf = (steps: readonly Step[]): ArrayBuffer[] =>
  steps.flatMap(({ input, saccade, position, label }) =>
    [input, saccade, position, label].flatMap((values) =>
      values === null ? [] : [values.buffer as ArrayBuffer],
    ),
  );

/** The labels of some sequences; `null` where they have none. */
function labelsOf({ labels, sequences }: References, which: ArrayLike<number>): Int32Array | null {
  if (labels === undefined) return null;
  const found = Array.from(which, (i) => sequences[i].label);
  const missing = found.indexOf(undefined);
  if (missing >= 0)
    throw new DataError(`train: expected a label of each sequence, got none of sequence ${which[missing]}`);
  return Int32Array.from(found as number[]);
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
  preset: Pick<Preset, "input">,
  options: BatchOptions,
  update: number,
): Step[] {
  aGallery("stepsOf", "the gallery", gallery);
  someReferences("stepsOf", "the data set", data);
  having({ input: having({ crops: anything, size: anything }) })("stepsOf", "the preset", preset);
  const { batch: n, key, control = "none" } = optionsOf("stepsOf", options, known, ["batch", "key"]);
  count(0)("stepsOf", "the update", update);
  const { steps: t } = data;
  const perEpoch = batchesPerEpoch(data, n);
  const [epoch, at] = [Math.floor(update / perEpoch), update % perEpoch];
  const order = permutation(foldIn(foldIn(key, "order"), epoch), data.sequences.length);
  const which = order.subarray(at * n, (at + 1) * n);
  const augment = foldIn(foldIn(key, "changes"), epoch);
  const { crops, saccades, positions } = cutSequences(gallery, data, which, preset.input, { augment });
  const seen = seenOf(preset, crops, n * t);
  const labels = labelsOf(data, which);
  const frame = seen.length / (n * t);
  return Array.from({ length: t }, (_, step) => {
    const input = new Float32Array(n * frame);
    const [saccade, position] = [new Float32Array(2 * n), new Float32Array(2 * n)];
    for (let b = 0; b < n; b++) {
      const from = control === "shuffle" ? (b + 3 * step + 1) % n : b;
      const row = from * t + step;
      input.set(seen.subarray(row * frame, (row + 1) * frame), b * frame);
      const own = 2 * (b * t + step);
      saccade.set([saccades[own], saccades[own + 1]], 2 * b);
      position.set([positions[own], positions[own + 1]], 2 * b);
    }
    return { input, saccade, position, label: step === t - 1 ? labels : null };
  });
}

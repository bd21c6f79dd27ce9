import type { DType } from "../core/dtype.js";
import { allocate, requireFloat } from "../core/dtype.js";
import { DataError } from "../core/errors.js";
import { kindOf } from "../core/kinds.js";
import { sequencesOf, side } from "../data/kinds.js";
import type { FixationSequence } from "../data/sequences.js";
import { saccades } from "../data/sequences.js";
import { fromData } from "../tensor/apply.js";
import { aHead, channelKind } from "./kinds.js";
import type { Fixated, HeadStatistics } from "./model.js";

/** Mean and standard deviation of each color channel, over all training patches. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export function channelStatistics(sequences: readonly FixationSequence[], size: number): ChannelStatistics {
  sequencesOf(0)("channelStatistics", "the sequences", sequences);
  side("channelStatistics", "the size", size);
  const area = size * size;
  const [sum, squares] = [new Float64Array(3), new Float64Array(3)];
  let count = 0;
  for (const { patches } of sequences) {
    for (let at = 0; at < patches.length; at++) {
      const channel = Math.floor(at / area) % 3;
      sum[channel] += patches[at];
      squares[channel] += patches[at] * patches[at];
    }
    count += patches.length / 3;
  }
  if (count === 0) throw new DataError("rjepa: expected at least one training sequence, got none");
  const mean = [...sum].map((s) => s / count);
  const deviation = [...squares].map((s, c) => Math.sqrt(Math.max(1e-12, s / count - mean[c] ** 2)));
  return { mean, deviation };
}

/** The time steps of a batch of sequences, standardized per color channel. @throws DataError for a NaN in the data */
export function samplesOf(
  sequences: readonly FixationSequence[],
  size: number,
  channels: ChannelStatistics,
  head: HeadStatistics,
  dtype: DType = "float64",
): Fixated[] {
  sequencesOf(1)("samplesOf", "the sequences", sequences);
  side("samplesOf", "the size", size);
  channelKind("samplesOf", "the channels", channels);
  aHead("samplesOf", "the head", head);
  requireFloat("samplesOf", dtype);
  const steps = sequences[0].fixations.length / 2;
  if (sequences[0].patches.length !== 3 * size * size * steps)
    throw new DataError(
      `samplesOf: expected patches of ${kindOf(size)} pixels a side, got ${sequences[0].patches.length} numbers for ${steps} steps`,
    );
  const area = size * size;
  const frame = 3 * area;
  const batch = sequences.length;
  const moves = sequences.map((s) => saccades(s));
  return Array.from({ length: steps }, (_, t) => {
    const patch = allocate(dtype, batch * frame);
    const saccade = allocate(dtype, batch * 2);
    sequences.forEach(({ patches, image }, b) => {
      for (let i = 0; i < frame; i++) {
        const value = patches[t * frame + i];
        if (Number.isNaN(value))
          throw new DataError(`rjepa: a NaN in the patch of ${image} at step ${t + 1}`, image);
        const c = Math.floor(i / area);
        patch[b * frame + i] = (value - channels.mean[c]) / channels.deviation[c];
      }
      saccade.set(moves[b].subarray(2 * t, 2 * t + 2), 2 * b);
    });
    return {
      patch: fromData(patch, [batch, 3, size, size], dtype),
      saccade: t + 1 < steps ? fromData(saccade, [batch, 2], dtype) : null,
      head,
    };
  });
}

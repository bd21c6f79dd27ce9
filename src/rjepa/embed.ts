import type { CellState } from "../cells/_cell.js";
import { sequencesOf } from "../data/kinds.js";
import type { FixationSequence } from "../data/sequences.js";
import { inputOf } from "../learn/model/kinds.js";
import type { ModelParams, Moment } from "../learn/model/model.js";
import { requireParams } from "../learn/model/require-params.js";
import { startStates } from "../learn/model/states.js";
import { momentOf } from "../learn/step/step.js";
import { entries } from "../tensor/read.js";
import type { Tensor } from "../tensor/tensor.js";
import { aReader } from "./kinds.js";
import type { Fixated, HeadStatistics, Jepa } from "./model.js";
import { type ChannelStatistics, samplesOf } from "./samples.js";

/** Everything needed to read embeddings off a model. */
export interface Reader {
  readonly jepa: Jepa;
  readonly params: ModelParams;
  readonly head: HeadStatistics;
  readonly channels: ChannelStatistics;
}

/** Embeddings and prediction errors of sequences, for figures. */
export interface Embeddings {
  readonly sequences: number;
  readonly steps: number;
  readonly d: number;
  /** h(t), row-major [N, T, d]. */
  readonly h: Float64Array;
  /** Squared prediction error over d at each step, [N, T]; step 1 has none and holds zero. */
  readonly loss: Float64Array;
  /** The error at the last step, had its patch come from another image, [N]. */
  readonly swapped: Float64Array;
}

const batchSize = 64;

/** One step of the model on values alone. */
export function advanceStates(
  { jepa, params }: Reader,
  states: readonly CellState[],
  sample: Fixated,
): Moment {
  const { model } = jepa;
  const next: CellState[] = [];
  let x = inputOf(model, sample);
  const input = x;
  model.areas.forEach((cell, b) => {
    const state = cell.next(params.areas[b], states[b], x);
    next.push(state);
    x = cell.output(params.areas[b], state, x);
  });
  return momentOf(model, params, next, input);
}

/** States before the first fixation, of every area. */
export const restStates = ({ jepa, params }: Reader, sample: Fixated): readonly CellState[] =>
  startStates(jepa.model, params, sample.patch);

/** Runs the model over sequences. The patch swapped in at the last step comes from the next sequence of another image. */
export function embedAll(reader: Reader, sequences: readonly FixationSequence[]): Embeddings {
  aReader("embedAll", "the reader", reader);
  requireParams("embedAll", reader.jepa.model, reader.params);
  sequencesOf(1)("embedAll", "the sequences", sequences);
  const { jepa, params, channels, head } = reader;
  const [n, d, { size }] = [sequences.length, jepa.preset.embedding, jepa.preset];
  const steps = sequences[0].fixations.length / 2;
  const out = {
    h: new Float64Array(n * steps * d),
    loss: new Float64Array(n * steps),
    swapped: new Float64Array(n),
  };
  const strangers = strangersOf(sequences);
  for (let from = 0; from < n; from += batchSize) {
    const batch = sequences.slice(from, from + batchSize);
    const samples = samplesOf(batch, size, channels, head);
    let states = restStates(reader, samples[0]);
    let predicted: Tensor | null = null;
    samples.forEach((sample, t) => {
      const moment = advanceStates(reader, states, sample);
      const h = jepa.embed(params, moment, head);
      entries(h).forEach((v, i) => {
        out.h[((from + Math.floor(i / d)) * steps + t) * d + (i % d)] = v;
      });
      if (predicted !== null) {
        const write = (error: Tensor, into: Float64Array, stride: number, at: number): void =>
          entries(error).forEach((v, b) => {
            into[(from + b) * stride + at] = v;
          });
        write(jepa.surprise(predicted, h), out.loss, steps, t);
        if (t === steps - 1) {
          const others = batch.map((_, b) => sequences[strangers[from + b]]);
          const other = samplesOf(others, size, channels, head)[t];
          const swapped = jepa.embed(params, advanceStates(reader, states, other), head);
          write(jepa.surprise(predicted, swapped), out.swapped, 1, 0);
        }
      }
      predicted = jepa.predict(params, h);
      states = moment.states;
    });
  }
  return { sequences: n, steps, d, ...out };
}

/** For each sequence the index of another one, of another image where there is one: a third of the set further on. */
function strangersOf(sequences: readonly FixationSequence[]): number[] {
  const n = sequences.length;
  return sequences.map(({ image }, i) => {
    for (let j = 0; j < n; j++) {
      const at = (i + Math.floor(n / 3) + j) % n;
      if (at !== i && sequences[at].image !== image) return at;
    }
    return (i + 1) % n;
  });
}

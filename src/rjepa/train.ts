import { DataError } from "../core/errors.js";
import { callable, count, finite, having, maybe, text } from "../core/kinds.js";
import { foldIn, type Key, permutation, uniform } from "../core/prng.js";
import { aKey, sequencesOf } from "../data/kinds.js";
import { type FixationSequence, flip } from "../data/sequences.js";
import type { Learner } from "../learn/learners/learner.js";
import { aLearner } from "../learn/model/kinds.js";
import type { ModelParams } from "../learn/model/model.js";
import { requireParams } from "../learn/model/require-params.js";
import { ruleNamed } from "../learn/named.js";
import type { RuleOptions } from "../learn/rules/_rule.js";
import { adam } from "../nn/optimizers/adam.js";
import { clipByNorm } from "../nn/optimizers/clip.js";
import { warmupCosine } from "../nn/optimizers/schedule.js";
import type { Tensor } from "../tensor/tensor.js";
import { advanceStates, restStates } from "./embed.js";
import { RunningHead } from "./head.js";
import { aJepa, aStart, someSamples } from "./kinds.js";
import type { Fixated, Jepa } from "./model.js";
import { type ChannelStatistics, samplesOf } from "./samples.js";

export interface TrainOptions {
  /** Learning rule, by name; default `rfp`. */
  readonly rule?: string;
  readonly credit?: RuleOptions["credit"];
  /** Streams in parallel; default 1. */
  readonly batch?: number;
  readonly epochs?: number;
  /** Peak rate of Adam; the predictor learns ten times faster. Default 2e-4 for one stream, 1e-3 for batches. */
  readonly rate?: number;
  readonly key: Key;
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** Fixations seen and in all, counted over all streams. */
  readonly fixations: number;
  readonly total: number;
  /** Mean prediction loss of the last sequences. */
  readonly loss: number;
}

export interface Trained {
  readonly params: ModelParams;
  readonly head: RunningHead;
  /** Loss per sequence, smoothed, by fixations seen. */
  readonly curve: readonly { readonly fixation: number; readonly loss: number }[];
  readonly seconds: number;
  readonly fixations: number;
  /** Bytes that the learning rule held. */
  readonly memory: number;
}

/** The start of training: initial parameters, and head statistics from a first look at the data. */
export interface Start {
  readonly jepa: Jepa;
  readonly params: ModelParams;
  readonly head: RunningHead;
  readonly channels: ChannelStatistics;
}

const warmup = 50;
const predictorScale = 10;
const clip = 1;
const firstLook = 64;
const curvePoints = 400;

/** Head statistics of untrained parameters, from the first sequences. */
export function firstStatistics(
  jepa: Jepa,
  params: ModelParams,
  sequences: readonly FixationSequence[],
  channels: ChannelStatistics,
): RunningHead {
  aJepa("firstStatistics", "the model", jepa);
  requireParams("firstStatistics", jepa.model, params);
  sequencesOf(1)("firstStatistics", "the sequences", sequences);
  const head = new RunningHead(jepa.headUnits);
  const reader = { jepa, params, head: head.statistics, channels };
  const samples = samplesOf(sequences.slice(0, firstLook), jepa.preset.size, channels, head.statistics);
  let states = restStates(reader, samples[0]);
  const seen: Tensor[] = [];
  for (const sample of samples) {
    const moment = advanceStates(reader, states, sample);
    states = moment.states;
    seen.push(moment.outputs[moment.outputs.length - 1]);
  }
  head.update(seen, 1);
  return head;
}

/** Trains on fixation sequences: one update per sequence (or batch of sequences), by the recipe. */
export function train(start: Start, sequences: readonly FixationSequence[], options: TrainOptions): Trained {
  aStart("train", "the start", start);
  sequencesOf(0)("train", "the sequences", sequences);
  having({
    rule: maybe(text),
    batch: maybe(count(1)),
    epochs: maybe(count(1, 2 ** 20)),
    rate: maybe(finite),
    key: aKey,
    onProgress: maybe(callable),
  })("train", "the options", options);
  const { jepa, channels, head } = start;
  const { batch = 1, epochs = 1, key } = options;
  const rate = options.rate ?? (batch === 1 ? 2e-4 : 1e-3);
  const perEpoch = Math.floor(sequences.length / batch);
  if (perEpoch < 1)
    throw new DataError(
      `train: expected at least ${batch} sequences for a batch of ${batch}, got ${sequences.length}`,
    );
  const steps = sequences[0].fixations.length / 2;
  const updates = perEpoch * epochs;
  const optimizer = adam({
    rate: warmupCosine(rate, Math.min(warmup, updates), updates),
    scale: (path) => (/\.(WG|bG)$/.test(path) ? predictorScale : 1),
  });
  let { params } = start;
  let state = optimizer.init(params);
  const learner = ruleNamed(options.rule ?? "rfp").start(jepa.model, params, {
    credit: options.credit,
    compile: true,
  });
  const curve: { fixation: number; loss: number }[] = [];
  const every = Math.max(1, Math.floor(updates / curvePoints));
  const began = performance.now();
  let [recent, fixations, memory] = [0, 0, 0];
  let order: Int32Array = new Int32Array(0);
  for (let update = 0; update < updates; update++) {
    const [epoch, at] = [Math.floor(update / perEpoch), update % perEpoch];
    if (at === 0) order = permutation(foldIn(foldIn(key, "order"), epoch), sequences.length);
    const mirrored = uniform(foldIn(foldIn(key, "flip"), update), batch);
    const chosen = Array.from({ length: batch }, (_, b) => {
      const sequence = sequences[order[at * batch + b]];
      return mirrored[b] < 0.5 ? flip(sequence) : sequence;
    });
    const { gradient, loss, outputs } = runSequence(
      learner,
      samplesOf(chosen, jepa.preset.size, channels, head.statistics),
    );
    if (!Number.isFinite(loss))
      throw new DataError(
        `train: the loss is ${loss} at update ${update + 1}, on ${chosen.map((c) => c.image).join(", ")}`,
      );
    memory = Math.max(memory, learner.memory().bytes);
    ({ params, state } = optimizer.update(clipByNorm(gradient, clip).gradient, state, params));
    head.update(outputs);
    learner.reset();
    learner.setParams(params);
    fixations += steps * batch;
    recent = update === 0 ? loss : recent + Math.max(0.02, 1 / (update + 1)) * (loss - recent);
    if (update % every === 0 || update === updates - 1) curve.push({ fixation: fixations, loss: recent });
    options.onProgress?.({ fixations, total: updates * batch * steps, loss: recent });
  }
  return { params, head, curve, seconds: (performance.now() - began) / 1000, fixations, memory };
}

/** One sequence through a learning rule: the gradient of its loss, and the head's outputs. */
export function runSequence(
  learner: Learner<Fixated>,
  samples: readonly Fixated[],
): { readonly gradient: ModelParams; readonly loss: number; readonly outputs: readonly Tensor[] } {
  aLearner("runSequence", "the learner", learner);
  someSamples("runSequence", "the samples", samples);
  let loss = 0;
  const outputs: Tensor[] = [];
  for (const sample of samples) {
    const step = learner.step(sample);
    loss += step.loss;
    outputs.push(step.moment.outputs[step.moment.outputs.length - 1]);
  }
  return { gradient: learner.gradient(), loss, outputs };
}

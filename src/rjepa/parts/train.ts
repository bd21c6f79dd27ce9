import type { CellState } from "../../cells/_cell.js";
import { DataError } from "../../core/errors.js";
import type { ModelParams } from "../../learn/model/model.js";
import { ruleNamed } from "../../learn/named.js";
import type { RuleOptions } from "../../learn/rules/_rule.js";
import { adam } from "../../nn/optimizers/adam.js";
import { clipByNorm } from "../../nn/optimizers/clip.js";
import { warmupCosine } from "../../nn/optimizers/schedule.js";
import { concat } from "../../ops/join.js";
import { compile } from "../../tensor/compile/compile.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Fixated, Jepa } from "./compose.js";
import { advance } from "./read.js";
import { RunningStatistics } from "./statistics.js";
import { freshOutputs } from "./target.js";

/** Fixations of a batch of streams, step by step, without what standardizes. */
export type Batch = readonly Pick<Fixated, "input" | "saccade">[];

export interface TrainOptions {
  readonly rule?: string;
  readonly ruleOptions?: RuleOptions;
  readonly updates: number;
  readonly rate?: number;
  /** Weight of the newest batch in the running statistics. */
  readonly momentum?: number;
  readonly onProgress?: (update: number, loss: number) => void;
}

export interface Trained {
  readonly params: ModelParams;
  readonly statistics: RunningStatistics;
  readonly losses: readonly number[];
  readonly seconds: number;
}

const warmup = 50;
const predictorScale = 10;
const clip = 1;
const [firstLook, lastLook] = [12, 16];

/** What the statistics of a model take in, from batches that are only looked at. */
function look(jepa: Jepa, params: ModelParams, batch: Batch): [Tensor[][], Tensor[]] {
  const { areas } = jepa.model;
  const { shape, dtype } = batch[0].input;
  let states: readonly CellState[] = areas.map((cell) =>
    cell.zeroState(shape[0], { dtype: dtype === "float32" ? "float32" : "float64" }),
  );
  const seen = batch.map(({ input }) => {
    const step = advance({ jepa }, params, states, input);
    states = step.states;
    return step.outputs;
  });
  const fresh = freshOutputs(
    areas,
    params.areas,
    concat(
      batch.map(({ input }) => input),
      0,
    ),
  );
  return [
    jepa.predicting.map(({ area, read }) => seen.map((outputs) => read(outputs[area]))),
    jepa.predicting.map(({ area, read }) => read(fresh[area])),
  ];
}

/** Trains on batches, one update each. */
export function train(
  jepa: Jepa,
  start: ModelParams,
  batchAt: (update: number) => Batch,
  options: TrainOptions,
): Trained {
  const { updates, rate = 1e-3, momentum = 0.5 } = options;
  const first = batchAt(0);
  const statistics = new RunningStatistics(
    jepa.predicting.map(({ outputs }) => outputs),
    first.length,
  );
  for (let i = 0; i < firstLook; i++) statistics.update(...look(jepa, start, batchAt(i)), 1 / (i + 1));
  const optimizer = adam({
    rate: warmupCosine(rate, Math.min(warmup, updates), updates),
    scale: (path) => (/readout\.(WG|bG|Wb|Wa)\d/.test(path) ? predictorScale : 1),
  });
  let params = start;
  let state = optimizer.init(params);
  const update = compile((gradient: ModelParams, s: typeof state, p: ModelParams) =>
    optimizer.update(clipByNorm(gradient, clip).gradient, s, p),
  );
  const fresh = compile((p: ModelParams["areas"], input: Tensor) => {
    const outputs = freshOutputs(jepa.model.areas, p, input);
    return jepa.predicting.map(({ area, read }) => read(outputs[area]));
  });
  const learner = ruleNamed(options.rule ?? "rfp").start(jepa.model, params, {
    compile: true,
    ...options.ruleOptions,
  });
  const losses: number[] = [];
  const began = performance.now();
  for (let u = 0; u < updates; u++) {
    const batch = batchAt(u);
    const heads = statistics.ofBatch(batch[0].input.dtype);
    let loss = 0;
    const outputs = batch.map((sample) => {
      const step = learner.step({ ...sample, heads });
      loss += step.loss;
      return step.moment.outputs;
    });
    if (!Number.isFinite(loss)) throw new DataError(`train: the loss is ${loss} at update ${u + 1}`);
    const gradient = learner.gradient();
    const alone = fresh(
      params.areas,
      concat(
        batch.map(({ input }) => input),
        0,
      ),
    );
    statistics.update(
      jepa.predicting.map(({ area, read }) => outputs.map((o) => read(o[area]))),
      alone,
      momentum,
    );
    ({ params, state } = update(gradient, state, params));
    learner.reset();
    learner.setParams(params);
    losses.push(loss);
    options.onProgress?.(u + 1, loss);
  }
  for (let i = 0; i < lastLook; i++)
    statistics.update(...look(jepa, params, batchAt(updates + i)), 1 / (i + 1));
  return { params, statistics, losses, seconds: (performance.now() - began) / 1000 };
}

import { foldIn, type Key, key as keyOf } from "../../src/core/prng.js";
import { leavesOf } from "../../src/core/tree.js";
import type { ModelParams } from "../../src/learn/index.js";
import { adam, clipByNorm, warmupCosine } from "../../src/nn/index.js";
import { allFinite } from "../../src/tensor/read.js";
import { isTensor } from "../../src/tensor/tensor.js";
import { type Architecture, predictions, taskModel } from "./model.js";
import type { Contender } from "./rules.js";
import type { Task } from "./task.js";

export interface LearnOptions {
  readonly task: Task;
  readonly architecture: Architecture;
  readonly rule: Contender;
  /** Peak rate of Adam. */
  readonly rate: number;
  readonly seed: number;
  readonly updates: number;
  /** Sequences an update. */
  readonly batch: number;
  /** Sequences of the test. */
  readonly test: number;
}

export interface Learned {
  /** Training loss of each update; ends early where the run diverged. */
  readonly losses: readonly number[];
  /** On sequences that were not trained on. */
  readonly score: number;
  readonly diverged: boolean;
  /** Of training: processor time, which other work on the machine changes least. */
  readonly seconds: number;
}

const clip = 1;
const warmup = 10;

/**
 * Trains on fresh sequences, one update for each batch of them, and scores others. Initial weights and data depend on
 * task and seed alone, so all rules learn from the same ones.
 */
export function learn(options: LearnOptions): Learned {
  const { task, architecture, rule, rate, seed, updates, batch, test } = options;
  const key = foldIn(keyOf(seed), task.name);
  const model = taskModel(task, architecture);
  let params = model.init(foldIn(key, "init"));
  const learner = rule.start(model, params, seed);
  const optimizer = adam({ rate: warmupCosine(rate, Math.min(warmup, updates), updates) });
  let state = optimizer.init(params);
  const losses: number[] = [];
  const began = process.cpuUsage();
  for (let update = 0; update < updates; update++) {
    let loss = 0;
    for (const step of task.sample(foldIn(foldIn(key, "train"), update), batch))
      loss += learner.step(step).loss;
    const found = learner.gradient();
    const gradient = rule.adapt?.(found) ?? found;
    if (!Number.isFinite(loss) || !leavesOf(gradient, isTensor).every(({ value }) => allFinite(value))) break;
    losses.push(loss);
    ({ params, state } = optimizer.update(clipByNorm(gradient, clip).gradient, state, params));
    learner.reset();
    learner.setParams(params);
  }
  const { user, system } = process.cpuUsage(began);
  const found =
    losses.length < updates ? Number.NaN : scoreOf(task, architecture, params, foldIn(key, "test"), test);
  return { losses, ...bounded(task, found), seconds: (user + system) / 1e6 };
}

/** The score of a model on sequences drawn by a key. */
export function scoreOf(
  task: Task,
  architecture: Architecture,
  params: ModelParams,
  key: Key,
  count: number,
): number {
  const sequence = task.sample(key, count);
  return task.score.of(predictions(taskModel(task, architecture), params, sequence), sequence);
}

/** A run that diverged counts, as the worst there is. */
function bounded({ score: { worst, better } }: Task, found: number): { score: number; diverged: boolean } {
  if (!Number.isFinite(found)) return { score: worst, diverged: true };
  return { score: better === "higher" ? Math.max(worst, found) : Math.min(worst, found), diverged: false };
}

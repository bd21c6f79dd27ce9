import type { CellState } from "../../cells/_cell.js";
import { DataError } from "../../core/errors.js";
import { count, having, kind, listOf, plainObject } from "../../core/kinds.js";
import { pairLeaves } from "../../core/pair-leaves.js";
import type { Learner } from "../../learn/learners/learner.js";
import { digestOfTree } from "../../learn/learners/saved-learner.js";
import type { ModelParams } from "../../learn/model/model.js";
import { requireParams } from "../../learn/model/require-params.js";
import { ruleNamed } from "../../learn/named.js";
import type { Rule, RuleOptions } from "../../learn/rules/_rule.js";
import { type AdamSlot, adam } from "../../nn/optimizers/adam.js";
import type { OptimizerState } from "../../nn/optimizers/optimizer.js";
import { warmupCosine } from "../../nn/optimizers/schedule.js";
import { concat } from "../../ops/join.js";
import { type Compiled, compile } from "../../tensor/compile/compile.js";
import { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { clipped } from "./clip.js";
import type { Batch, Fixated, Jepa } from "./compose.js";
import { aJepa, requireBatch } from "./kinds.js";
import { advance } from "./read.js";
import type { Reader } from "./reader.js";
import { requireStreams } from "./require.js";
import { restored } from "./restore.js";
import { encoderOf, followed, momentumAt } from "./slow.js";
import { RunningStatistics } from "./statistics.js";
import { requireForward } from "./stream.js";
import { freshOutputs } from "./target.js";

export interface TrainerOptions {
  /** Learning rule, by name; default `rfp`. */
  readonly rule?: string;
  /** Of the rule, such as `{ window: 8 }`. */
  readonly ruleOptions?: RuleOptions;
  /** Updates in all: the rate warms up over the first 50 and falls to zero along a cosine. */
  readonly updates: number;
  /** Peak rate of Adam; the predictors learn ten times faster, heads as their preset says. Default 1e-3. */
  readonly rate?: number;
  /** Weight of the newest batch in what standardizes. Default 0.5. */
  readonly momentum?: number;
  /**
   * Whether each batch goes on where the last one ended, as of an endless stream: states and influence are kept, and the
   * influence is a mixture of derivatives at the parameters of all updates so far. Default false: a batch is whole sequences.
   */
  readonly isStream?: boolean;
}

const warmup = 50;
const predictorScale = 10;
const clip = 1;

const anIterable = kind(
  "batches that can be iterated",
  (v) => typeof v === "object" && v !== null && Symbol.iterator in v,
);

type State = OptimizerState<ModelParams, AdamSlot>;

/** Outputs of the areas that predict, [area][step] with their past and [area] from the zero state, [B, n] and [T B, n]. */
type Seen = readonly [recurrent: Tensor[][], fresh: Tensor[]];

/** What statistics take in of a batch that is only looked at; patches alone by the parameters `alone`. */
function look(jepa: Jepa, params: ModelParams, alone: ModelParams, batch: Batch): Seen {
  const { areas } = jepa.model;
  const { shape, dtype } = batch[0].input;
  let states: readonly CellState[] = areas.map((cell) => cell.zeroState(shape[0], { dtype }));
  const seen = batch.map(({ input }) => {
    const step = advance({ jepa }, params, states, input);
    states = step.states;
    return step.outputs;
  });
  const all = concat(batch.map(({ input }) => input));
  const fresh = freshOutputs(areas, alone.areas, all);
  return [
    jepa.predicting.map(({ area, read }) => seen.map((outputs) => read(outputs[area]))),
    jepa.predicting.map(({ area, read }) => read(fresh[area])),
  ];
}

/**
 * What standardizes the outputs of a model, from batches that are only looked at, each of one weight. `alone` are the parameters that
 * embed a patch alone: the slow ones where the target is an EMA that has begun.
 */
export function statisticsOf(
  jepa: Jepa,
  params: ModelParams,
  batches: Iterable<Batch>,
  alone: ModelParams = params,
): RunningStatistics {
  aJepa("statisticsOf", "the model", jepa);
  requireParams("statisticsOf", jepa.model, params);
  anIterable("statisticsOf", "the batches", batches);
  if (alone !== params) {
    having({ areas: listOf(plainObject) })("statisticsOf", "the parameters of patches alone", alone);
    const words = { who: "statisticsOf", reference: "the parameters", other: "those of patches alone" };
    pairLeaves<Tensor>(words, params.areas, alone.areas, isTensor);
  }
  let statistics: RunningStatistics | null = null;
  let n = 0;
  for (const given of batches) {
    const batch = requireBatch("statisticsOf", jepa, given);
    statistics ??= RunningStatistics.of(
      jepa.predicting.map(({ outputs }) => outputs),
      batch.length,
      jepa.preset.head,
    );
    statistics.update(...look(jepa, params, alone, batch), 1 / ++n);
  }
  if (statistics === null) throw new DataError("train: expected at least one batch to look at, got none");
  return statistics;
}

/**
 * An R-JEPA that learns, one update for each batch of sequences, or of the next fixations of endless streams. All that it knows is a tree that can be saved between updates:
 * one that goes on from it makes the same updates, to the bit.
 */
export class Trainer {
  private parameters: ModelParams;
  private state: State;
  /** Parameters that follow slowly, where the target is an EMA. */
  private slow: ModelParams | null;
  private running: RunningStatistics;
  private done = 0;
  private readonly rule: Rule;
  private learner: Learner<Fixated>;
  private readonly improved: Compiled<
    [ModelParams, State, ModelParams],
    { readonly params: ModelParams; readonly state: State }
  >;
  private readonly alone: Compiled<[ModelParams["areas"], Tensor], Tensor[]>;
  private readonly momentum: number;

  /** `statistics` are those of the parameters at the start, as `statisticsOf` gives them. */
  constructor(
    private readonly jepa: Jepa,
    params: ModelParams,
    statistics: RunningStatistics,
    private readonly options: TrainerOptions,
  ) {
    requireParams("train", jepa.model, params);
    const { updates, rate = 1e-3, momentum = 0.5 } = options;
    count(1)("train", "updates", updates);
    const optimizer = adam({
      rate: warmupCosine(rate, Math.min(warmup, updates), updates),
      scale: (path) => (jepa.isOfPredictor(path) ? predictorScale : (jepa.headOf(path)?.rate ?? 1)),
    });
    this.momentum = momentum;
    this.parameters = params;
    this.slow = typeof jepa.preset.target === "object" ? encoderOf(params, jepa.predicting) : null;
    this.running = statistics;
    this.state = optimizer.init(params);
    this.rule = ruleNamed(options.rule ?? "rfp");
    this.learner = this.rule.start(jepa.model, params, this.ruleOptions());
    if (options.isStream) requireForward("train", this.rule.name, this.learner);
    this.improved = compile((gradient: ModelParams, state: State, p: ModelParams) =>
      optimizer.update(clipped(jepa, gradient, clip), state, p),
    );
    this.alone = compile((areas: ModelParams["areas"], input: Tensor) => {
      const outputs = freshOutputs(jepa.model.areas, areas, input);
      return jepa.predicting.map(({ area, read }) => read(outputs[area]));
    });
  }

  private ruleOptions(): RuleOptions {
    return { compile: true, ...this.options.ruleOptions };
  }

  get params(): ModelParams {
    return this.parameters;
  }

  /** Updates so far. */
  get updates(): number {
    return this.done;
  }

  /**
   * One update. @returns the loss of the batch, decay included
   * @throws DataError where it is not finite, ArgumentError for fewer streams than the parts need; where this or anything else
   * is thrown, nothing is changed, but that a stream begins anew
   */
  update(given: Batch): number {
    const batch = requireBatch("train", this.jepa, given);
    const { jepa, learner, running, slow } = this;
    requireStreams("train", jepa.preset, batch[0].input.shape[0]);
    const heads = running.ofBatch(batch[0].input.dtype);
    let goesOn = false;
    try {
      let loss = 0;
      const outputs = batch.map((sample) => {
        const step = learner.step({ ...sample, heads, ...(slow === null ? {} : { slow }) });
        loss += step.loss;
        return step.moment.outputs;
      });
      if (!Number.isFinite(loss))
        throw new DataError(`train: expected a finite loss, got ${loss} at update ${this.done + 1}`);
      const { params, state } = this.improved(learner.gradient(), this.state, this.parameters);
      const seen = jepa.predicting.map(({ area, read }) => outputs.map((o) => read(o[area])));
      const alone = this.alone((slow ?? this.parameters).areas, concat(batch.map(({ input }) => input)));
      running.update(seen, alone, this.momentum);
      [this.parameters, this.state, this.slow] = [params, state, this.following(params)];
      this.done++;
      goesOn = this.options.isStream === true;
      return loss;
    } finally {
      // of a sequence that broke off nothing may be left for the next one
      if (goesOn) learner.clearGradient();
      else learner.reset();
      learner.setParams(this.parameters);
    }
  }

  /** The slow parameters after an update to these. */
  private following(params: ModelParams): ModelParams | null {
    const { jepa, slow, done, options } = this;
    const { target } = jepa.preset;
    if (slow === null || typeof target !== "object") return null;
    return followed(
      slow,
      encoderOf(params, jepa.predicting),
      momentumAt(target.momentum, done, options.updates),
    );
  }

  /** The model as it is now, standardized by batches that are only looked at. */
  reader(batches: Iterable<Batch>): Reader {
    const { jepa, parameters: params, slow } = this;
    return { jepa, params, slow, statistics: statisticsOf(jepa, params, batches, slow ?? params) };
  }

  save(): Saved {
    const knows = {
      update: this.done,
      params: this.parameters,
      optimizer: this.state,
      statistics: this.running.save(),
      learner: this.learner.save(),
      improved: this.improved.save(),
      alone: this.alone.save(),
      ...(this.slow === null ? {} : { slow: this.slow }),
    } as unknown as Saved;
    return { digest: digestOfTree(knows), knows };
  }

  /** Goes on from where another of the same model and options was saved. @throws CheckpointError for another tree: nothing is changed then */
  resume(tree: Saved): void {
    const whole = new SavedPart("train", tree);
    const saved = whole.at("knows");
    // checked as a whole, before anything is taken
    if (whole.at("digest").text() !== digestOfTree(saved.anything()))
      saved.refuse("what was saved", "a tree that was changed since");
    const part = (name: string): Saved => saved.at(name).anything() as Saved;
    const done = saved.at("update").count();
    const params = restored("train", "the parameters", this.parameters, part("params"));
    const state = restored("train", "the state of the optimizer", this.state, part("optimizer"));
    const slow =
      this.slow === null ? null : restored("train", "the slow parameters", this.slow, part("slow"));
    const running = this.running.restored(saved.at("statistics"));
    const learner = this.rule.start(this.jepa.model, params, this.ruleOptions());
    learner.resume(part("learner"));
    this.improved.resume(part("improved"));
    this.alone.resume(part("alone"));
    [this.learner, this.running] = [learner, running];
    [this.parameters, this.state, this.slow] = [params, state, slow];
    this.done = done;
  }
}

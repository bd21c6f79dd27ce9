import { foldIn, key as keyOf, permutation } from "../../core/prng.js";
import { leavesOf } from "../../core/tree.js";
import { type Gallery, openGallery } from "../../data/gallery.js";
import type { Problem } from "../../data/problem.js";
import { type References, splitReferences } from "../../data/references.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { trivialRepresentations } from "../figures/baselines/trivial.js";
import type { Labeled } from "../figures/judging/data.js";
import { type JudgmentTable, judgeAll } from "../figures/judging/judge.js";
import { linearAlgebra } from "../linear-algebra.js";
import { type Jepa, jepa } from "../parts/compose.js";
import { type BatchOptions, batchOf, fixationsOf, kept, stepsOf } from "../parts/data.js";
import { type Reader, representationOf } from "../parts/read.js";
import { type Batch, statisticsOf, Trainer } from "../parts/train.js";
import type { RunFolder } from "./folder.js";
import type { Control, Recipe } from "./recipe.js";
import { controlled } from "./recipe.js";
import { referencesOf, type Source } from "./source.js";

/** All that decides a run, in words that are saved with it. */
export interface Config {
  readonly format: "onward-run-1";
  readonly recipe: Recipe;
  readonly control: Control;
  readonly source: Source;
  /** Share of the images, the last by name, that are kept for testing. */
  readonly testShare: number;
  readonly seed: number;
}

export interface Progress {
  readonly update: number;
  readonly updates: number;
  readonly loss: number;
  readonly secondsPerUpdate: number;
}

export interface RunOptions {
  readonly folder: RunFolder;
  /** Updates from one checkpoint to the next; default 100. */
  readonly every?: number;
  readonly memoryLimit?: number;
  readonly labeled?: (jepa: Jepa) => Promise<Labeled>;
  /** Asked between updates: whether to save and stop here. */
  readonly isStopped?: () => boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly say?: (sentence: string) => void;
}

/** What a run found. */
export interface RunResult {
  readonly config: Config;
  readonly parameters: number;
  readonly images: { readonly train: number; readonly test: number };
  readonly sequences: { readonly train: number; readonly test: number };
  readonly updates: number;
  readonly seconds: number;
  /** Loss of each update, decay included. */
  readonly losses: readonly number[];
  readonly table: JudgmentTable;
  readonly problems: readonly Problem[];
}

/** Batches that are looked at for what standardizes: before training, and whenever the model is read. */
const [firstLook, looks] = [12, 16];
/** Sequences of training images to which regressions of figures are fitted. */
const fitSequences = 2500;

/** A run at hand: data in memory, and a model that learns. */
interface Session {
  readonly config: Config;
  readonly model: Jepa;
  readonly train: References;
  readonly test: References;
  readonly gallery: Gallery;
  readonly trainer: Trainer;
  readonly untrained: Reader;
  batch(update: number): Batch;
  looked(count: number): Iterable<Batch>;
}

const imagesOf = ({ sequences }: References): number => new Set(sequences.map(({ image }) => image)).size;

async function open(config: Config, { memoryLimit, say }: RunOptions): Promise<Session> {
  const key = keyOf(config.seed);
  const recipe = controlled(config.recipe, config.control);
  const { preset, steps, updates, rate, momentum, rule, credit, decay } = recipe;
  const references = await referencesOf(config.source, steps, foldIn(key, "data"));
  say?.(`reading ${references.images.length} images`);
  const gallery = await openGallery(references, memoryLimit === undefined ? {} : { memoryLimit });
  const { train, test } = splitReferences(gallery.references, { test: config.testShare });
  const model = jepa({ preset, steps, decay });
  const params = model.init(foldIn(key, "init"), { dtype: "float32" });
  const control = config.control === "shuffle" ? "shuffle" : "none";
  const cut = (of: string): ((update: number) => Batch) => {
    const options: BatchOptions = { batch: recipe.batch, key: foldIn(key, of), control };
    return (update) => batchOf(preset, stepsOf(gallery, train, preset, options, update));
  };
  const look = cut("look");
  function* looked(count: number): Generator<Batch> {
    for (let i = 0; i < count; i++) yield look(i);
  }
  const statistics = statisticsOf(model, params, looked(firstLook));
  const trainer = new Trainer(model, params, statistics, {
    rule,
    ruleOptions: rule.startsWith("rfp") ? { credit } : {},
    updates,
    rate,
    momentum,
  });
  return {
    config,
    model,
    train,
    test,
    gallery,
    trainer,
    untrained: trainer.reader(looked(looks)),
    batch: cut("train"),
    looked,
  };
}

/**
 * Trains by a configuration, from where the folder's checkpoint is if it has one, and judges the model beside the untrained one
 * and all baselines. `null` where it was stopped before its end: its checkpoint is of the last update then.
 */
export async function run(config: Config, options: RunOptions): Promise<RunResult | null> {
  const { folder, every = 100, isStopped = () => false, onProgress, say } = options;
  const session = await open(config, options);
  const { trainer } = session;
  const { updates } = config.recipe;
  const began = performance.now();
  if (await folder.has("checkpoint")) trainer.resume(await folder.readCheckpoint());
  // the first checkpoint is written before the first update: a full disk is found out before training
  else await folder.writeCheckpoint(trainer.save());
  const log = await folder.logUpTo(trainer.updates);
  const from = trainer.updates;
  if (from > 0) say?.(`going on at update ${from + 1} of ${updates}`);
  const pending: { update: number; loss: number }[] = [];
  const keep = async (): Promise<void> => {
    for (const line of pending.splice(0)) {
      log.push(line);
      await folder.log(line);
    }
    await folder.writeCheckpoint(trainer.save());
  };
  while (trainer.updates < updates) {
    if (isStopped()) {
      await keep();
      return null;
    }
    const loss = trainer.update(session.batch(trainer.updates));
    pending.push({ update: trainer.updates, loss });
    if (trainer.updates % every === 0 || trainer.updates === updates) await keep();
    const secondsPerUpdate = (performance.now() - began) / 1000 / (trainer.updates - from);
    onProgress?.({ update: trainer.updates, updates, loss, secondsPerUpdate });
    // others want a turn: signals, timers, progress
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (performance.now() - began) / 1000;
  say?.("judging it beside the untrained model and the baselines");
  const result: RunResult = {
    config,
    parameters: leavesOf<Tensor>(trainer.params, isTensor).reduce((n, { value }) => n + value.size, 0),
    images: { train: imagesOf(session.train), test: imagesOf(session.test) },
    sequences: { train: session.train.sequences.length, test: session.test.sequences.length },
    updates,
    seconds,
    losses: log.map(({ loss }) => Number(loss)),
    table: await judged(session, options),
    problems: session.gallery.references.problems,
  };
  await folder.writeJson("figures", result);
  return result;
}

async function judged(session: Session, options: RunOptions): Promise<JudgmentTable> {
  const { config, model, gallery, train, test, trainer, untrained } = session;
  const key = foldIn(keyOf(config.seed), "judge");
  const algebra = await linearAlgebra();
  const fovea = model.preset.input;
  const chosen = permutation(foldIn(key, "fit"), train.sequences.length).subarray(0, fitSequences);
  const fit = kept(fixationsOf(gallery, train, fovea, chosen));
  const labeled = await options.labeled?.(model);
  const target = model.preset.target === "fresh" ? "fresh" : "recurrent";
  return judgeAll(
    [
      representationOf("trained", trainer.reader(session.looked(looks))),
      representationOf("untrained", untrained),
    ],
    trivialRepresentations(fit, algebra, foldIn(key, "baselines"), target),
    {
      test: kept(fixationsOf(gallery, test, fovea)),
      fit,
      algebra,
      key: foldIn(key, "figures"),
      ...(labeled === undefined ? {} : { labeled }),
    },
  );
}

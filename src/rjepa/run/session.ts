import { checksum } from "../../core/checksum.js";
import { DataError } from "../../core/errors.js";
import { foldIn, key as keyOf } from "../../core/prng.js";
import type { Problem } from "../../data/problem.js";
import type { References } from "../../data/references.js";
import type { ModelParams } from "../../learn/model/model.js";
import { ruleNamed } from "../../learn/named.js";
import { plan } from "../../learn/plan/plan.js";
import { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import type { Labeled } from "../figures/judging/data.js";
import { type Batch, type Jepa, jepa } from "../parts/compose.js";
import { batchOf } from "../parts/data.js";
import { exampleOf } from "../parts/example.js";
import type { Reader } from "../parts/reader.js";
import { requireLabels, requireStreams } from "../parts/require.js";
import { type BatchOptions, stepsOf } from "../parts/steps.js";
import { requireForward, sequencesOf, streamOf } from "../parts/stream.js";
import { statisticsOf, Trainer } from "../parts/train.js";
import { type Config, requireConfig } from "./config.js";
import { RunFiles } from "./files.js";
import { labeledIn } from "./judging.js";
import { type Loader, openLoader } from "./loader.js";
import { controlled, fixationsOfUpdate, type Recipe } from "./recipe.js";

export interface SessionOptions {
  readonly memoryLimit?: number;
  /** Whether the model is to be judged; default true. */
  readonly judges?: boolean;
  /** Told of each image that is read. */
  readonly onImage?: (done: number, total: number) => void;
  readonly say?: (sentence: string) => void;
  /** Told of what is left out of the data, once it is read, if there is any. */
  readonly onProblems?: (problems: readonly Problem[]) => void;
}

/** Batches that are looked at for what standardizes: before training, and whenever the model is read. */
export const [firstLook, looks] = [12, 16];

/** A run at hand: data in memory, and a model that learns. */
export interface Session {
  readonly config: Config;
  readonly model: Jepa;
  readonly loader: Loader;
  readonly trainer: Trainer;
  /** The model before it learned. */
  readonly untrained: Reader;
  /** Images of the probes; null where there are none, or nothing is judged. */
  readonly labeled: Labeled | null;
  /** Bytes of influence that checkpoints of a stream hold from the first update on; 0 of sequences, which leave none. */
  readonly influence: number;
  batch(update: number): Promise<Batch>;
  looked(count: number): Iterable<Batch>;
}

export const imagesOf = ({ sequences }: References): number =>
  new Set(sequences.map(({ image }) => image)).size;

/** Opens the data of a configuration and a model that has learned nothing. @throws DataError, ArgumentError, PlanError */
export async function openSession(
  config: Config,
  { memoryLimit, say, onImage, onProblems, judges = true }: SessionOptions,
): Promise<Session> {
  const key = keyOf(config.seed);
  const recipe = controlled(config.recipe, config.control);
  const { preset, steps, updates, rate, momentum, rule, credit, decay } = recipe;
  const control = config.control === "shuffle" ? "shuffle" : "none";
  const batches = (of: string): BatchOptions => ({ batch: recipe.batch, key: foldIn(key, of), control });
  // what is made without data comes first: it may not fit together
  const every = fixationsOfUpdate(recipe);
  const isStream = recipe.stream !== undefined;
  // the loss of an update is the mean over its predictions, of which a sequence has one less than fixations
  const model = jepa({ preset, steps: isStream ? every + 1 : steps, decay });
  const params: ModelParams = model.init(foldIn(key, "init"), { dtype: "float32" });
  requireStreams("train", preset, recipe.batch);
  if (isStream) requireForward("train", rule, ruleNamed(rule).start(model.model, params));
  say?.("reading images");
  // what is wanted at the end is read first: it may not be there
  const labeled = config.labeled === undefined || !judges ? null : await labeledIn(config.labeled, preset);
  const loader = await openLoader({
    source: config.source,
    steps,
    key: foldIn(key, "data"),
    test: config.testShare,
    cutting: { input: preset.input, ...batches("train") },
    updates: isStream ? sequencesOf(updates, { steps, every }) : updates,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(onImage === undefined ? {} : { onProgress: onImage }),
  });
  try {
    if (judges) requireEnough(loader);
    requireLabels("train", preset, loader.references.labels);
    if (loader.problems.length > 0) onProblems?.(loader.problems);
    if (loader.note !== null) say?.(loader.note);
    function* looked(count: number): Generator<Batch> {
      for (let i = 0; i < count; i++)
        yield batchOf(preset, stepsOf(loader.gallery, loader.train, preset, batches("look"), i));
    }
    const trainer = new Trainer(model, params, statisticsOf(model, params, looked(firstLook)), {
      rule,
      ruleOptions: rule.startsWith("rfp") ? { credit } : {},
      updates,
      rate,
      // the same share of a fixation is kept for as long, however many an update has
      momentum: isStream ? 1 - (1 - momentum) ** (every / steps) : momentum,
      isStream,
    });
    const streamed = streamOf({ steps, every, sequences: loader.batch });
    const batch = async (update: number): Promise<Batch> =>
      isStream
        ? batchOf(preset, await streamed(update)).slice(0, every)
        : batchOf(preset, await loader.batch(update));
    return {
      config,
      model,
      loader,
      trainer,
      untrained: trainer.reader(looked(looks)),
      labeled,
      influence: isStream ? influenceOf(model, recipe) : 0,
      batch,
      looked,
    };
  } catch (error) {
    await loader.close();
    throw error;
  }
}

/** Bytes of the influence of streams; of rules other than `rfp` and `rtrl`, which hold less, more than they hold. */
function influenceOf(model: Jepa, { batch, rule, credit }: Recipe): number {
  const { bytes } = plan(model.model, exampleOf(model, { batch, dtype: "float32" }));
  if (rule === "rtrl") return bytes.rtrl;
  return credit === "local" ? bytes.rfpLocal : bytes.rfpExact;
}

/** Intervals resample images: what cannot be judged at the end is not trained. */
function requireEnough({ train, test }: Loader): void {
  for (const [what, images] of [
    ["train on", imagesOf(train)],
    ["test on", imagesOf(test)],
  ] as const)
    if (images < 2)
      throw new DataError(`train: expected at least 2 images to ${what}, got ${images}; see --test-share`);
}

/** What a checkpoint was made from, whatever lies where now: a configuration as it was written, and who looked where at which images. */
export function madeFrom(written: unknown, { images, sequences }: References): string {
  const seen = sequences.map(({ image, viewer, fixations, frames = [] }) => [
    image,
    viewer,
    ...fixations,
    ...frames,
  ]);
  const sizes = images.map(({ name, width, height, frames }) => [
    name,
    width,
    height,
    ...(frames === undefined ? [] : [frames]),
  ]);
  return checksum(JSON.stringify([written, sizes, seen]));
}

/** A session goes on from a checkpoint. @throws CheckpointError where that is of another configuration or of other fixations */
export function goOn(session: Session, checkpoint: Saved, made: string): void {
  const saved = new SavedPart("train", checkpoint);
  if (saved.at("made").text() !== made)
    saved.refuse(
      "the configuration and the fixations that it was made from",
      "others: config.json, images or scanpaths are not what they were",
    );
  session.trainer.resume(saved.at("trainer").anything() as Saved);
}

/** The model of a run as its newest checkpoint has it, and the data that it learns from. The folder is only read. */
export async function openRun(who: string, path: string, options: SessionOptions): Promise<Session> {
  const folder = new RunFiles(who, path);
  await folder.require("config");
  const written = await folder.readConfig();
  const config = requireConfig(who, written);
  // an unfinished run may have none yet, which is said before images are read
  const checkpoint = await folder.readCheckpoint();
  const session = await openSession(config, options);
  try {
    goOn(session, checkpoint, madeFrom(written, session.loader.references));
    return session;
  } catch (error) {
    await session.loader.close();
    throw error;
  }
}

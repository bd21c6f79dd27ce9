import { checksum } from "../../core/checksum.js";
import { foldIn, key as keyOf } from "../../core/prng.js";
import { leavesOf } from "../../core/tree.js";
import type { References } from "../../data/references.js";
import { SavedPart } from "../../tensor/saved/part.js";
import type { Saved } from "../../tensor/saved/save.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import type { Labeled } from "../figures/judging/data.js";
import { type Jepa, jepa } from "../parts/compose.js";
import { batchOf } from "../parts/data.js";
import type { Reader } from "../parts/read.js";
import { type BatchOptions, stepsOf } from "../parts/steps.js";
import { type Batch, statisticsOf, Trainer } from "../parts/train.js";
import type { Config } from "./config.js";
import type { LogLine, RunFolder } from "./folder.js";
import { judged, labeledIn } from "./judging.js";
import { type Loader, openLoader } from "./loader.js";
import { controlled } from "./recipe.js";
import { type RunResult, writtenResult } from "./result.js";
import { numbersOf, watcherOf } from "./watch.js";

export interface Progress {
  readonly update: number;
  readonly updates: number;
  readonly loss: number;
}

export interface RunOptions {
  readonly folder: RunFolder;
  /** Updates from one checkpoint to the next; default 100. */
  readonly every?: number;
  /**
   * Updates from one look at the model to the next, by few figures on few sequences; none without it. They are told, and
   * logged; a run that has collapsed ends there, unless it is a control.
   */
  readonly watch?: number;
  readonly memoryLimit?: number;
  /** Whether the model is judged at the end; default true. */
  readonly judges?: boolean;
  /** Asked between updates: whether to save and stop here. */
  readonly isStopped?: () => boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Told of each image that is read. */
  readonly onImage?: (done: number, total: number) => void;
  readonly say?: (sentence: string) => void;
}

/** Batches that are looked at for what standardizes: before training, and whenever the model is read. */
const [firstLook, looks] = [12, 16];

/** A run at hand: data in memory, and a model that learns. */
interface Session {
  readonly config: Config;
  readonly model: Jepa;
  readonly loader: Loader;
  readonly trainer: Trainer;
  readonly untrained: Reader;
  readonly labeled: Labeled | null;
  batch(update: number): Promise<Batch>;
  looked(count: number): Iterable<Batch>;
}

const imagesOf = ({ sequences }: References): number => new Set(sequences.map(({ image }) => image)).size;

async function open(
  config: Config,
  { memoryLimit, say, onImage, judges = true }: RunOptions,
): Promise<Session> {
  const key = keyOf(config.seed);
  const recipe = controlled(config.recipe, config.control);
  const { preset, steps, updates, rate, momentum, rule, credit, decay } = recipe;
  const control = config.control === "shuffle" ? "shuffle" : "none";
  const batches = (of: string): BatchOptions => ({ batch: recipe.batch, key: foldIn(key, of), control });
  say?.("reading images");
  // what is wanted at the end is read first: it may not be there
  const labeled = config.labeled === undefined || !judges ? null : await labeledIn(config.labeled, preset);
  const loader = await openLoader({
    source: config.source,
    steps,
    key: foldIn(key, "data"),
    test: config.testShare,
    cutting: { input: preset.input, ...batches("train") },
    updates,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(onImage === undefined ? {} : { onProgress: onImage }),
  });
  if (loader.note !== null) say?.(loader.note);
  const model = jepa({ preset, steps, decay });
  const params = model.init(foldIn(key, "init"), { dtype: "float32" });
  function* looked(count: number): Generator<Batch> {
    for (let i = 0; i < count; i++)
      yield batchOf(preset, stepsOf(loader.gallery, loader.train, preset, batches("look"), i));
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
    loader,
    trainer,
    untrained: trainer.reader(looked(looks)),
    labeled,
    batch: async (update) => batchOf(preset, await loader.batch(update)),
    looked,
  };
}

/**
 * Trains by a configuration, from where the folder's checkpoint is if it has one, and judges the model beside the untrained one
 * and all baselines. `null` where it was stopped before its end: its checkpoint is of the last update then.
 */
export async function run(config: Config, options: RunOptions): Promise<RunResult | null> {
  const session = await open(config, options);
  try {
    return await trained(session, options);
  } finally {
    await session.loader.close();
  }
}

async function trained(session: Session, options: RunOptions): Promise<RunResult | null> {
  const { folder, every = 100, isStopped = () => false, onProgress, say } = options;
  const { config, loader } = session;
  const { trainer } = session;
  const { updates } = config.recipe;
  const began = performance.now();
  const made = digestOf(config, loader.references);
  const save = (): Promise<void> => folder.writeCheckpoint({ made, trainer: trainer.save() });
  if (await folder.has("checkpoint")) {
    const saved = new SavedPart("train", await folder.readCheckpoint());
    if (saved.at("made").text() !== made)
      saved.refuse(
        "the configuration and the fixations that it was made from",
        "others: config.json, images or scanpaths are not what they were",
      );
    trainer.resume(saved.at("trainer").anything() as Saved);
  } else {
    // both before the first update: a full disk is found out before training
    await folder.writeJson("config", config);
    await save();
  }
  const log = await folder.logUpTo(trainer.updates);
  const from = trainer.updates;
  if (from > 0)
    say?.(
      from < updates ? `going on at update ${from + 1} of ${updates}` : `all ${updates} updates are made`,
    );
  // time is counted over all processes that made it
  const last = log.findLast(({ seconds }) => seconds !== undefined);
  const [before, waitedBefore] = [Number(last?.seconds ?? 0), Number(last?.waited ?? 0)];
  const spent = (): number => before + (performance.now() - began) / 1000;
  const waited = (): number => waitedBefore + loader.waited.seconds;
  const pending: LogLine[] = [];
  const keep = async (): Promise<void> => {
    for (const line of pending.splice(0)) {
      log.push(line);
      await folder.log(line);
    }
    await save();
  };
  const { watch } = options;
  const key = foldIn(keyOf(config.seed), "watch");
  const watched = watch === undefined ? null : await watcherOf(loader, session.untrained, key);
  while (trainer.updates < updates) {
    if (isStopped()) {
      await keep();
      return null;
    }
    const loss = trainer.update(await session.batch(trainer.updates));
    const [seconds, waiting] = [spent(), waited()].map((v) => Number(v.toFixed(3)));
    pending.push({ update: trainer.updates, loss, seconds, waited: waiting });
    if (watched !== null && trainer.updates % (watch as number) === 0) {
      const { judgment, verdict, isCollapsed } = watched(trainer.reader(session.looked(firstLook)));
      pending.push({ update: trainer.updates, verdict: verdict.verdict, ...numbersOf(judgment) });
      say?.(`update ${trainer.updates}: ${verdict.verdict}: ${verdict.sentence}`);
      if (isCollapsed && config.control === "none") {
        say?.("it ends here, since it has collapsed; its checkpoint is kept");
        await keep();
        return null;
      }
    }
    if (trainer.updates % every === 0 || trainer.updates === updates) await keep();
    onProgress?.({ update: trainer.updates, updates, loss });
    // others want a turn: signals, timers, progress
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [seconds, waiting] = from < updates ? [spent(), waited()] : [before, waitedBefore];
  const { judges = true } = options;
  if (judges) say?.("judging it beside the untrained model and the baselines");
  const result: RunResult = {
    config,
    parameters: leavesOf<Tensor>(trainer.params, isTensor).reduce((n, { value }) => n + value.size, 0),
    images: { train: imagesOf(loader.train), test: imagesOf(loader.test) },
    sequences: { train: loader.train.sequences.length, test: loader.test.sequences.length },
    updates,
    seconds,
    waited: { seconds: waiting, share: seconds > 0 ? waiting / seconds : 0 },
    losses: log.flatMap(({ loss }) => (loss === undefined ? [] : [Number(loss)])),
    ...(judges
      ? await judged({
          loader,
          trained: trainer.reader(session.looked(looks)),
          untrained: session.untrained,
          labeled: session.labeled,
          key: foldIn(keyOf(config.seed), "judge"),
        })
      : { table: null, judged: 0, portraits: null }),
    problems: loader.problems,
  };
  await folder.writeJson("figures", writtenResult(result));
  return result;
}

/** What a run is made from, whatever lies where now: its configuration, and who looked where at which images. */
function digestOf(config: Config, { images, sequences }: References): string {
  // frames last, where there are any: the digest of a run on pictures is what it was before there was video
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
  return checksum(JSON.stringify([config, sizes, seen]));
}

import { join } from "node:path";
import { foldIn, key as keyOf, permutation } from "../../core/prng.js";
import { leavesOf } from "../../core/tree.js";
import { readLabeled } from "../../data/labeled-folder.js";
import type { References } from "../../data/references.js";
import { isTensor, type Tensor } from "../../tensor/tensor.js";
import { leakOf } from "../figures/baselines/leaky.js";
import { trivialRepresentations } from "../figures/baselines/trivial.js";
import type { Labeled } from "../figures/judging/data.js";
import type { FigureName } from "../figures/judging/judge.js";
import { type JudgmentTable, judgeAll } from "../figures/judging/table.js";
import { labeledOf } from "../figures/labeled.js";
import { figures } from "../figures/registry.js";
import type { Representation } from "../figures/representation.js";
import { linearAlgebra } from "../linear-algebra.js";
import { type Jepa, jepa } from "../parts/compose.js";
import { batchOf, fixationsOf } from "../parts/data.js";
import { type Reader, representationOf } from "../parts/read.js";
import { type BatchOptions, stepsOf } from "../parts/steps.js";
import { type Batch, statisticsOf, Trainer } from "../parts/train.js";
import type { Config } from "./config.js";
import type { LogLine, RunFolder } from "./folder.js";
import { type Loader, openLoader } from "./loader.js";
import { controlled } from "./recipe.js";
import { type RunResult, writtenResult } from "./result.js";
import { numbersOf, watcherOf } from "./watch.js";

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
  readonly say?: (sentence: string) => void;
}

/** Batches that are looked at for what standardizes: before training, and whenever the model is read. */
const [firstLook, looks] = [12, 16];
/** Sequences of training images to which regressions of figures are fitted. */
const fitSequences = 2500;

/** A run at hand: data in memory, and a model that learns. */
interface Session {
  readonly config: Config;
  readonly model: Jepa;
  readonly loader: Loader;
  readonly trainer: Trainer;
  readonly untrained: Reader;
  batch(update: number): Promise<Batch>;
  looked(count: number): Iterable<Batch>;
}

const imagesOf = ({ sequences }: References): number => new Set(sequences.map(({ image }) => image)).size;

async function open(config: Config, { memoryLimit, say }: RunOptions): Promise<Session> {
  const key = keyOf(config.seed);
  const recipe = controlled(config.recipe, config.control);
  const { preset, steps, updates, rate, momentum, rule, credit, decay } = recipe;
  const control = config.control === "shuffle" ? "shuffle" : "none";
  const batches = (of: string): BatchOptions => ({ batch: recipe.batch, key: foldIn(key, of), control });
  say?.("reading images");
  const loader = await openLoader({
    source: config.source,
    steps,
    key: foldIn(key, "data"),
    test: config.testShare,
    cutting: { input: preset.input, ...batches("train") },
    updates,
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
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
  if (await folder.has("checkpoint")) trainer.resume(await folder.readCheckpoint());
  // the first checkpoint is written before the first update: a full disk is found out before training
  else await folder.writeCheckpoint(trainer.save());
  const log = await folder.logUpTo(trainer.updates);
  const from = trainer.updates;
  if (from > 0)
    say?.(
      from < updates ? `going on at update ${from + 1} of ${updates}` : `all ${updates} updates are made`,
    );
  // time is counted over all that made it
  const before = Number(log.findLast(({ seconds }) => seconds !== undefined)?.seconds ?? 0);
  const spent = (): number => before + (performance.now() - began) / 1000;
  const pending: LogLine[] = [];
  const keep = async (): Promise<void> => {
    for (const line of pending.splice(0)) {
      log.push(line);
      await folder.log(line);
    }
    await folder.writeCheckpoint(trainer.save());
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
    pending.push({ update: trainer.updates, loss, seconds: Number(spent().toFixed(3)) });
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
    const secondsPerUpdate = (performance.now() - began) / 1000 / (trainer.updates - from);
    onProgress?.({ update: trainer.updates, updates, loss, secondsPerUpdate });
    // others want a turn: signals, timers, progress
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = from < updates ? spent() : before;
  const { judges = true } = options;
  if (judges) say?.("judging it beside the untrained model and the baselines");
  const result: RunResult = {
    config,
    parameters: leavesOf<Tensor>(trainer.params, isTensor).reduce((n, { value }) => n + value.size, 0),
    images: { train: imagesOf(loader.train), test: imagesOf(loader.test) },
    sequences: { train: loader.train.sequences.length, test: loader.test.sequences.length },
    updates,
    seconds,
    waited: loader.waited,
    losses: log.flatMap(({ loss }) => (loss === undefined ? [] : [Number(loss)])),
    table: judges ? await judged(session) : null,
    problems: loader.problems,
  };
  await folder.writeJson("figures", writtenResult(result));
  return result;
}

/** Figures that have a representation read all sequences many times over. */
const costly: readonly string[] = ["memoryCurve", "wrongPast", "action", "lidar"];
const quick = Object.keys(figures).filter((name) => !costly.includes(name)) as FigureName[];

/** Baselines, of which those without a leak alone are asked for costly figures. */
const lean = (baseline: Representation): Representation =>
  leakOf(baseline.name) === 0 || baseline.only !== undefined ? baseline : { ...baseline, only: quick };

async function labeledIn(folder: string, { preset }: Jepa): Promise<Labeled> {
  const [fit, test] = await Promise.all(["train", "test"].map((part) => readLabeled(join(folder, part))));
  return labeledOf(fit, test, preset.input);
}

async function judged(session: Session): Promise<JudgmentTable> {
  const { config, model, trainer, untrained } = session;
  const { gallery, train, test } = session.loader;
  const key = foldIn(keyOf(config.seed), "judge");
  const algebra = await linearAlgebra();
  const fovea = model.preset.input;
  const chosen = permutation(foldIn(key, "fit"), train.sequences.length).subarray(0, fitSequences);
  const fit = fixationsOf(gallery, train, fovea, chosen);
  const labeled = config.labeled === undefined ? undefined : await labeledIn(config.labeled, model);
  const target = model.preset.target === "fresh" ? "fresh" : "recurrent";
  return judgeAll(
    [
      representationOf("trained", trainer.reader(session.looked(looks))),
      representationOf("untrained", untrained),
    ],
    trivialRepresentations(fit, algebra, foldIn(key, "baselines"), target).map(lean),
    {
      test: fixationsOf(gallery, test, fovea),
      fit,
      algebra,
      key: foldIn(key, "figures"),
      ...(labeled === undefined ? {} : { labeled }),
    },
  );
}

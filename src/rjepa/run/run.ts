import { foldIn, key as keyOf } from "../../core/prng.js";
import type { Saved } from "../../tensor/saved/save.js";
import { type Config, configOf, requireConfig } from "./config.js";
import type { RunFolder } from "./folder.js";
import { foundOf } from "./found.js";
import { type LogLine, timeOf } from "./log.js";
import { type RunResult, resultOf, writtenResult } from "./result.js";
import { firstLook, goOn, madeFrom, openSession, type Session, type SessionOptions } from "./session.js";
import { numbersOf, watcherOf } from "./watch.js";

export interface Progress {
  readonly update: number;
  readonly updates: number;
  readonly loss: number;
}

export interface RunOptions extends SessionOptions {
  readonly folder: RunFolder;
  /** Updates from one checkpoint to the next; default 100. */
  readonly every?: number;
  /**
   * Updates from one look at the model to the next, by few figures on few sequences; none without it. They are told, and
   * logged; a run that has collapsed ends there, unless it is a control.
   */
  readonly watch?: number;
  /** Asked between updates: whether to save and stop here. */
  readonly isStopped?: () => boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** Told when updates begin, and when the last is made and saved: between these there is something that a stop would save. */
  readonly onTraining?: (isTraining: boolean) => void;
}

/**
 * Trains by a configuration, from where the folder's checkpoint is if it has one, and judges the model beside the untrained one
 * and all baselines. `null` where it was stopped before its end: its checkpoint is of the last update then.
 */
export async function run(given: Config, options: RunOptions): Promise<RunResult | null> {
  const config = configOf("train", given);
  const session = await openSession(config, options);
  try {
    return await trained(session, options);
  } finally {
    await session.loader.close();
  }
}

/**
 * What the folder's checkpoints are made from; a session goes on from the one that is there.
 * @throws CheckpointError where that is of another configuration or of other fixations
 */
async function begin(session: Session, folder: RunFolder): Promise<string> {
  const { config, loader } = session;
  const isNew = !(await folder.has("checkpoint"));
  // what options of a later version are by default is no other configuration
  const written: unknown = isNew ? config : await folder.readConfig();
  const isOther = !isNew && JSON.stringify(requireConfig("train", written)) !== JSON.stringify(config);
  const made = madeFrom(isOther ? config : written, loader.references);
  if (isNew) {
    // both before the first update: a full disk is found out before training
    await folder.writeJson("config", config);
    await folder.writeCheckpoint(checkpointOf(session, made));
  } else goOn(session, await folder.readCheckpoint(), made);
  await folder.requireRoom(checkpointOf(session, made), {
    updates: config.recipe.updates - session.trainer.updates,
    influence: session.influence,
  });
  return made;
}

const checkpointOf = ({ trainer }: Session, made: string): Saved => ({ made, trainer: trainer.save() });

async function trained(session: Session, options: RunOptions): Promise<RunResult | null> {
  const { folder, every = 100, isStopped = () => false, onProgress, say } = options;
  const { config, loader, trainer } = session;
  const { updates } = config.recipe;
  const began = performance.now();
  const made = await begin(session, folder);
  // of a long run they are many: they stay in the folder
  const before = timeOf(await folder.logUpTo(trainer.updates));
  const from = trainer.updates;
  if (from > 0)
    say?.(
      from < updates ? `going on at update ${from + 1} of ${updates}` : `all ${updates} updates are made`,
    );
  // time is counted over all processes that made it
  const spent = (): number => before.seconds + (performance.now() - began) / 1000;
  const waited = (): number => before.waited + loader.waited.seconds;
  const pending: LogLine[] = [];
  const keep = async (): Promise<void> => {
    await folder.log(pending.splice(0));
    await folder.writeCheckpoint(checkpointOf(session, made));
  };
  const { watch } = options;
  const key = foldIn(keyOf(config.seed), "watch");
  const watched = watch === undefined ? null : await watcherOf(loader, session.untrained, key);
  options.onTraining?.(true);
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
  options.onTraining?.(false);
  const { judges = true } = options;
  if (judges) say?.("judging it beside the untrained model and the baselines");
  const judging = {
    train: { gallery: loader.gallery, references: loader.train },
    test: { gallery: loader.gallery, references: loader.test },
    labeled: session.labeled,
    seed: config.seed,
  };
  const result = resultOf({
    session,
    log: await folder.readLog(trainer.updates),
    test: loader.test,
    ...(judges ? await foundOf(session, judging) : { table: null, judged: 0, portraits: null }),
    problems: loader.problems,
  });
  await folder.writeJson("figures", writtenResult(result));
  return result;
}

import { createHash } from "node:crypto";
import { DataError } from "../../core/errors.js";
import { foldIn, key as keyOf } from "../../core/prng.js";
import { type Gallery, openGallery } from "../../data/gallery.js";
import type { References } from "../../data/references.js";
import { RunFiles } from "./files.js";
import { foundOf } from "./found.js";
import { type Data, labeledIn } from "./judging.js";
import { type RunResult, resultOf } from "./result.js";
import { openRun, type Session, type SessionOptions } from "./session.js";
import { referencesOf, type Source } from "./source.js";

export interface EvaluateOptions extends Omit<SessionOptions, "judges"> {
  /** Images to judge on, all of them; default those that the run holds out. */
  readonly source?: Source;
  /** Labeled images of the probes; default those of the run. */
  readonly labeled?: string;
}

/**
 * Judges the model of a run's newest checkpoint, of an unfinished run too, beside the untrained one and all baselines. Baselines
 * and regressions are fitted to the run's training images, nothing to those that it is judged on. The folder is only read.
 * @throws CheckpointError, DataError, ArgumentError, PlanError
 */
export async function evaluate(who: string, path: string, options: EvaluateOptions): Promise<RunResult> {
  const { source, labeled: folder, say } = options;
  // probes of other images than those of the run are read below
  const session = await openRun(who, path, { ...options, judges: folder === undefined });
  const { loader, trainer } = session;
  const { seed, recipe, source: learnedFrom } = session.config;
  try {
    const train: Data = { gallery: loader.gallery, references: loader.train };
    const labeled = folder === undefined ? session.labeled : await labeledIn(folder, recipe.preset);
    const test = source === undefined ? ownTest(session) : await otherImages(source, session, options);
    if (source !== undefined) requireUnseen(who, train, test);
    say?.(
      `judging the model of update ${trainer.updates} of ${recipe.updates} beside the untrained model and the baselines`,
    );
    const judging = { train, test, labeled, seed };
    const log = await new RunFiles(who, path).readLog(trainer.updates);
    const own = folder === undefined ? session.config : { ...session.config, labeled: folder };
    return resultOf({
      session: { ...session, config: own },
      log,
      test: test.references,
      ...(await foundOf(session, judging)),
      ...(source === undefined || source === learnedFrom ? {} : { elsewhere: source }),
      problems: source === undefined ? loader.problems : test.references.problems,
    });
  } finally {
    await loader.close();
  }
}

const ownTest = ({ loader }: Session): Data => ({ gallery: loader.gallery, references: loader.test });

async function otherImages(
  source: Source,
  { config: { seed, recipe } }: Session,
  { memoryLimit, onImage }: EvaluateOptions,
): Promise<Data> {
  const found = await referencesOf(source, recipe.steps, foldIn(keyOf(seed), "data"), memoryLimit);
  const gallery = await openGallery(found, {
    ...(memoryLimit === undefined ? {} : { memoryLimit }),
    ...(onImage === undefined ? {} : { onProgress: onImage }),
  });
  return { gallery, references: gallery.references };
}

/** Names of the images that sequences look at, by a digest of their pixels. */
function pixelsOf({ gallery, references }: { readonly gallery: Gallery; readonly references: References }) {
  const used = new Set(references.sequences.map(({ image }) => image));
  return new Map(
    [...used].map((image) => {
      const { width, height, levels, name } = gallery.pyramid(image);
      const digest = createHash("sha256").update(`${width} x ${height} `).update(levels[0].data);
      return [digest.digest("hex"), name] as const;
    }),
  );
}

/** Requires images that nothing was fitted to, whatever they are called. @throws DataError */
function requireUnseen(who: string, train: Data, test: Data): void {
  const learned = pixelsOf(train);
  const again = [...pixelsOf(test)].filter(([digest]) => learned.has(digest));
  if (again.length > 0)
    throw new DataError(
      `${who}: expected images that the run has not learned from, got ${again.length} of its training images, such as ${again[0][1]}`,
    );
}

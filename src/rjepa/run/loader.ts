import { ArgumentError, PlanError } from "../../core/errors.js";
import { availableMemory } from "../../core/host.js";
import {
  anything,
  bytes,
  callable,
  count,
  having,
  type Known,
  kind,
  maybe,
  oneOf,
  options as optionsOf,
  plainObject,
} from "../../core/kinds.js";
import type { Key } from "../../core/prng.js";
import { aFovea } from "../../data/fovea.js";
import { type Gallery, galleryBytes, openGallery } from "../../data/gallery.js";
import { aKey } from "../../data/kinds.js";
import type { Problem } from "../../data/problem.js";
import { type References, splitReferences } from "../../data/references.js";
import { inputShape } from "../parts/input.js";
import { batchesPerEpoch, type Step } from "../parts/steps.js";
import { startCutting } from "./cutting.js";
import { referencesOf, type Source } from "./source.js";
import { type Waited, Waiting } from "./waiting.js";
import type { Cutting } from "./work.js";

export interface LoaderOptions {
  readonly source: Source;
  /** Fixations of a sequence, T. */
  readonly steps: number;
  /** Of scenes and of fixations that are drawn. */
  readonly key: Key;
  /** Share of the images, the last by name, that are kept for testing; of them no batch is cut. */
  readonly test: number;
  /** The fovea, and which batches are cut: `{ input, batch, key, control }`. */
  readonly cutting: Cutting;
  /** How many updates there are; no batch is cut for later ones. */
  readonly updates: number;
  /** Batches that are kept ready, 4 by default. */
  readonly ahead?: number;
  /** Bytes that images and batches may take; default: the memory that is free. */
  readonly memoryLimit?: number;
  /** Told of each image that is decoded. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A data set in memory, and a thread that cuts batches of it ahead of whoever trains on them. */
export interface Loader {
  /** All sequences, those of training images and those of the others. */
  readonly references: References;
  readonly train: References;
  readonly test: References;
  /** All images, for crops of chosen sequences at once. The thread reads the same memory. */
  readonly gallery: Gallery;
  readonly problems: readonly Problem[];
  /** Why batches are cut when they are asked for, where no thread could be started; else null. */
  readonly note: string | null;
  /** How long `batch` let wait since the first batch was there. */
  readonly waited: Waited;
  /**
   * The batch of an update, counted from 0, as `stepsOf` makes it of the training sequences, and to the bit. Those that follow are
   * cut meanwhile. Any order goes, and any update more than once, but a batch is ready only where updates follow each other.
   * @throws ArgumentError where it is closed, DataError, PlanError where the thread ended: then for all further ones too
   */
  batch(update: number): Promise<Step[]>;
  /** Ends the thread; images stay. Without it the process ends nevertheless, and the thread with it. */
  close(): Promise<void>;
}

const aShare = kind("a share of images in [0, 1]", (v) => typeof v === "number" && v >= 0 && v <= 1);
const known: Known<LoaderOptions> = {
  source: plainObject,
  steps: anything,
  key: aKey,
  test: aShare,
  cutting: having({
    input: aFovea,
    batch: count(1),
    key: aKey,
    control: maybe(oneOf("none", "shuffle")),
  }),
  updates: count(1),
  ahead: count(1, 64),
  memoryLimit: bytes,
  onProgress: callable,
};
const required = ["source", "steps", "key", "test", "cutting", "updates"] as const;

/** Bytes of all batches at once: those ahead, the one that is learned from, and the one that is cut, with its crops. */
function batchBytes({ input, batch }: Cutting, steps: number, ahead: number): number {
  const plane = 4 * input.size ** 2;
  // beside an input a saccade, a position and a label
  const kept = plane * inputShape({ input })[0] + 20;
  return batch * steps * ((ahead + 2) * kept + 8 * plane * input.crops.length);
}

/**
 * Opens a data set and starts cutting batches of it. Images are decoded on this thread, into memory that both threads read.
 * @throws ArgumentError, DataError, PlanError before the first image is decoded where images and batches do not fit
 */
export async function openLoader(options: LoaderOptions): Promise<Loader> {
  const given = optionsOf("loader", options, known, required);
  const { source, steps, key, test: share, cutting, updates, ahead = 4, onProgress } = given;
  const { memoryLimit = availableMemory() } = given;
  const found = await referencesOf(source, steps, key, memoryLimit);
  batchesPerEpoch(splitReferences(found, { test: share }).train, cutting.batch);
  const needed = galleryBytes(found) + batchBytes(cutting, steps, ahead);
  if (needed > memoryLimit)
    throw new PlanError(
      `loader: ${found.images.length} images and ${ahead + 2} batches must fit into ${memoryLimit} bytes, got ${needed}`,
      needed,
      memoryLimit,
    );
  const gallery = await openGallery(found, { memoryLimit, shared: true, onProgress });
  const { references } = gallery;
  const { train, test } = splitReferences(references, { test: share });
  batchesPerEpoch(train, cutting.batch);

  const cut = await startCutting(gallery, train, cutting, { updates, ahead });
  const waiting = new Waiting();
  const anUpdate = count(0, updates - 1);
  const batch = async (update: number): Promise<Step[]> => {
    anUpdate("loader", "update", update);
    waiting.begin();
    cut.hold(true);
    try {
      return await cut.ask(update);
    } finally {
      waiting.end();
      if (!waiting.isOpen) cut.hold(false);
    }
  };
  return {
    references,
    train,
    test,
    gallery,
    problems: references.problems,
    note: cut.note,
    get waited() {
      return waiting.waited;
    },
    batch: (update) => {
      const asked = batch(update);
      // whoever closes a loader may leave what was asked for before
      asked.catch(() => {});
      return asked;
    },
    close: () => cut.close(new ArgumentError("loader: expected a loader that is open, got a closed one")),
  };
}

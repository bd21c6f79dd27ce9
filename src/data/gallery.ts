import { ArgumentError, DataError, PlanError } from "../core/errors.js";
import { availableMemory } from "../core/host.js";
import { bytes, callable, count, flag, options as optionsOf } from "../core/kinds.js";
import type { Image } from "./image.js";
import { anImage } from "./kinds.js";
import { inParallel } from "./parallel.js";
import type { Problem } from "./problem.js";
import { type Pyramid, pyramid, pyramidBytes, sharedPyramid } from "./pyramid.js";
import { type ImageReference, type References, references } from "./references.js";

export interface GalleryOptions {
  /** Bytes that all pyramids may take; default: the memory that is free. */
  readonly memoryLimit?: number;
  /** Images that are decoded at a time, 4 by default. */
  readonly parallel?: number;
  /** Whether pixels lie where other threads read them too, in SharedArrayBuffers; false by default. */
  readonly shared?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

/** The images of a data set, in memory. */
export interface Gallery {
  /**
   * An image by its number in the data set; of what moves one of its frames, counted from 0, the first by default.
   * @throws ArgumentError for one that no sequence looks at, or that was not decoded
   */
  pyramid(image: number, frame?: number): Pyramid;
  /** Bytes of all pyramids. */
  readonly bytes: number;
  /** The data set less the sequences on images that could not be decoded, which are problems of it; numbers of images stay. */
  readonly references: References;
}

const known = { memoryLimit: bytes, parallel: count(1, 64), shared: flag, onProgress: callable };

/** Numbers of the images that sequences look at. */
const usedBy = (all: References): number[] =>
  [...new Set(all.sequences.map((seen) => seen.image))].sort((a, b) => a - b);

/** Bytes that the pyramids of a data set will take. */
export const galleryBytes = (all: References): number =>
  usedBy(all).reduce((sum, i) => {
    const { width, height, frames = 1 } = all.images[i];
    return sum + frames * pyramidBytes(width, height);
  }, 0);

/**
 * Decodes the images that a data set's sequences look at. One that cannot be decoded, or has another size than its reference
 * says, is a problem; the run goes on.
 * @throws PlanError before the first is decoded, where they do not fit; DataError where none can be decoded
 */
export async function openGallery(all: References, options: GalleryOptions = {}): Promise<Gallery> {
  references("gallery", "the data set", all);
  const {
    memoryLimit = availableMemory(),
    parallel = 4,
    shared = false,
    onProgress,
  } = optionsOf("gallery", options, known);
  const used = usedBy(all);
  const needed = galleryBytes(all);
  if (needed > memoryLimit)
    throw new PlanError(
      `gallery: the pyramids of ${used.length} images must fit into ${memoryLimit} bytes, got ${needed}`,
      needed,
      memoryLimit,
    );
  let done = 0;
  const opened = await inParallel(used.length, parallel, async (k): Promise<readonly Pyramid[] | Problem> => {
    const image = all.images[used[k]];
    try {
      return await decode(image, shared ? sharedPyramid : (own) => own);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      return { file: image.name, reason: error.message };
    } finally {
      onProgress?.(++done, used.length);
    }
  });
  const pyramids = new Map<number, readonly Pyramid[]>();
  const problems: Problem[] = [];
  for (const [k, found] of opened.entries())
    if ("file" in found) problems.push(found);
    else pyramids.set(used[k], found);
  if (used.length > 0 && pyramids.size === 0)
    throw new DataError(
      `gallery: expected images that can be decoded, got none of ${used.length}; the first problem: ${problems[0].reason}`,
    );
  return galleryOf(
    {
      ...all,
      sequences: all.sequences.filter((seen) => pyramids.has(seen.image)),
      problems: [...all.problems, ...problems],
    },
    pyramids,
  );
}

/** A gallery of what has been decoded, perhaps by another thread: pyramids of all frames, by the numbers of their images. */
export function galleryOf(
  references: References,
  pyramids: ReadonlyMap<number, readonly Pyramid[]>,
): Gallery {
  let held = 0;
  for (const [{ width, height }, ...more] of pyramids.values())
    held += (1 + more.length) * pyramidBytes(width, height);
  return {
    bytes: held,
    references,
    pyramid: (image, frame = 0) => {
      count(0)("gallery", "the number of an image", image);
      const found = pyramids.get(image);
      if (found === undefined)
        throw new ArgumentError(
          `gallery: expected one of the ${pyramids.size} images here, got image ${image}`,
        );
      count(0, found.length - 1)("gallery", "the frame", frame);
      return found[frame];
    },
  };
}

/** The pyramids of an image, one for each frame. @throws DataError where it cannot be decoded or is of another size or length */
async function decode(
  reference: ImageReference,
  kept: (pyramid: Pyramid) => Pyramid,
): Promise<readonly Pyramid[]> {
  const { name, frames, play } = reference;
  if (frames === undefined || play === undefined) return [kept(pyramidOf(reference, await reference.load()))];
  const found: Pyramid[] = [];
  for await (const frame of play.call(reference)) {
    // before more is held than was counted
    if (found.length === frames)
      throw new DataError(`gallery: expected ${frames} frames of ${name}, got more`, name);
    found.push(kept(pyramidOf(reference, frame)));
  }
  if (found.length < frames)
    throw new DataError(`gallery: expected ${frames} frames of ${name}, got ${found.length}`, name);
  return found;
}

function pyramidOf(reference: ImageReference, image: Image): Pyramid {
  anImage("gallery", `the image ${reference.name}`, image);
  if (image.width !== reference.width || image.height !== reference.height)
    throw new DataError(
      `gallery: expected ${reference.width} x ${reference.height} pixels of ${reference.name}, got ${image.width} x ${image.height}`,
      reference.name,
    );
  return pyramid({ ...image, name: reference.name });
}

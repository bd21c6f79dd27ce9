import { DataError } from "../core/errors.js";
import {
  anything,
  bytes,
  callable,
  count,
  fieldOf,
  finite,
  having,
  instanceOf,
  isArray,
  type Kind,
  kind,
  listOf,
  maybe,
  text,
} from "../core/kinds.js";
import { foldIn, integers, type Key } from "../core/prng.js";
import type { Image } from "./image.js";
import { aKey, side } from "./kinds.js";
import type { Problem } from "./problem.js";
import { testNames } from "./viewers.js";

/** An image that is not in memory: a picture, or what moves, such as a stretch of a video. */
export interface ImageReference {
  readonly name: string;
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  /** How many frames it has, where it moves. */
  readonly frames?: number;
  /** Makes or decodes it; of what moves the first frame. @throws DataError where it cannot be decoded, which its size does not tell */
  load(): Promise<Image>;
  /** Makes or decodes the frames of what moves, one after the other, all of one size. @throws DataError as `load` does */
  play?(): AsyncIterable<Image>;
}

/** What one viewer looked at in one image: where, not what was there. */
export interface Seen {
  /** Number of the image among those of the data set. */
  readonly image: number;
  readonly viewer: number;
  /** [T, 2], pixels from the left and from the top. */
  readonly fixations: Float64Array;
  /** [T], the frame that is there at each fixation, counted from 0; where the image moves, and only there. */
  readonly frames?: Int32Array;
  /** Number of the image's label among those of the data set. */
  readonly label?: number;
}

/** A data set without its pixels: small, however many images there are. */
export interface References {
  readonly images: readonly ImageReference[];
  readonly sequences: readonly Seen[];
  /** Fixations per sequence, T. */
  readonly steps: number;
  readonly problems: readonly Problem[];
  /** Names of the labels. */
  readonly labels?: readonly string[];
}

/** What all makers of references take. */
export interface ReferenceOptions {
  /** Fixations per sequence, T; at least 2. */
  readonly steps: number;
  /** How fixations are drawn where none are recorded: `uniform`, `centerBiased` (the default) or `saliency`. */
  readonly sampler?: string;
  readonly key: Key;
  /** Bytes that all fixations may take; default: the memory that is free. */
  readonly memoryLimit?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A run of T frames within what moves: who looks there from when on, one frame for each fixation. */
export function framesFrom(key: Key, frames: number, steps: number): Int32Array {
  const [first] = integers(foldIn(key, "frames"), 1, 0, frames - steps + 1);
  return Int32Array.from({ length: steps }, (_, t) => first + t);
}

/** The kinds of these options. */
export const known = {
  steps: anything,
  sampler: anything,
  key: aKey,
  memoryLimit: bytes,
  onProgress: callable,
};

const referenceFields = having({
  name: text,
  width: side,
  height: side,
  load: callable,
  frames: maybe(count(1)),
});
/** An image that is not in memory. */
export const aReference: Kind = (who, what, value) => {
  referenceFields(who, what, value);
  if ((value as ImageReference).frames !== undefined)
    callable(who, `${what}.play`, fieldOf(who, what, value, "play"));
};

const seenFields = having({
  image: count(0),
  viewer: finite,
  fixations: instanceOf(Float64Array),
  frames: maybe(instanceOf(Int32Array)),
  label: maybe(count(0)),
});
/** A sequence of T fixations on one of these images, each on one of its frames where it moves. */
export const aSeen =
  (images: readonly ImageReference[], steps: number): Kind =>
  (who, what, value) => {
    seenFields(who, what, value);
    const { image, fixations, frames } = value as Seen;
    if (image >= images.length)
      throw new DataError(`${who}: expected ${what} on one of ${images.length} images, got image ${image}`);
    const there = images[image].frames;
    if ((there === undefined) !== (frames === undefined))
      throw new DataError(
        there === undefined
          ? `${who}: expected ${what} without frames, as image ${image} stands still, got ${frames?.length}`
          : `${who}: expected ${what} with ${steps} frames, as image ${image} moves, got none`,
      );
    if (frames?.length !== undefined && frames.length !== steps)
      throw new DataError(`${who}: expected ${what} with ${steps} frames, got ${frames.length}`);
    const beyond = frames?.find((frame) => frame < 0 || frame >= (there ?? 0));
    if (beyond !== undefined)
      throw new DataError(
        `${who}: expected ${what} on the ${there} frames of image ${image}, got frame ${beyond}`,
      );
    if (fixations.length !== 2 * steps || !fixations.every(Number.isFinite))
      throw new DataError(
        `${who}: expected ${what} with ${2 * steps} finite numbers of fixations [${steps}, 2], got ${fixations.length === 2 * steps ? "others" : fixations.length}`,
      );
  };

const aList = kind("an array", isArray);
/** A data set, whose sequences and images are still to be looked at. */
export const someReferences: Kind = having({
  images: aList,
  sequences: aList,
  steps: count(2),
  problems: aList,
  labels: maybe(aList),
});

/** A data set, all of it. */
export const references: Kind = (who, what, value) => {
  someReferences(who, what, value);
  const { images, sequences, steps } = value as References;
  listOf(aReference)(who, `${what}.images`, images);
  listOf(aSeen(images, steps))(who, `${what}.sequences`, sequences);
};

/**
 * Training and test data that share no image, and so no frame of one: the last images by name are for testing. Both keep the list of all images, and so
 * their numbers: a gallery opened on the whole serves both, one opened on a half decodes what that half looks at.
 */
export function splitReferences(
  all: References,
  options: { readonly test: number },
): { readonly train: References; readonly test: References } {
  references("split", "the data set", all);
  const name = (seen: Seen): string => all.images[seen.image].name;
  const held = testNames(all.sequences.map(name), options);
  return {
    train: { ...all, sequences: all.sequences.filter((seen) => !held.has(name(seen))) },
    test: { ...all, sequences: all.sequences.filter((seen) => held.has(name(seen))) },
  };
}

import { DataError } from "../core/errors.js";
import {
  anything,
  bytes,
  callable,
  count,
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
import type { Key } from "../core/prng.js";
import type { Image } from "./image.js";
import { aKey, side } from "./kinds.js";
import type { Problem } from "./problem.js";
import { testNames } from "./viewers.js";

/** An image that is not in memory. */
export interface ImageReference {
  readonly name: string;
  /** Size in pixels. */
  readonly width: number;
  readonly height: number;
  /** Makes or decodes it. @throws DataError where it cannot be decoded, which its size does not tell */
  load(): Promise<Image>;
}

/** What one viewer looked at in one image: where, not what was there. */
export interface Seen {
  /** Number of the image among those of the data set. */
  readonly image: number;
  readonly viewer: number;
  /** [T, 2], pixels from the left and from the top. */
  readonly fixations: Float64Array;
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

/** The kinds of these options. */
export const known = {
  steps: anything,
  sampler: anything,
  key: aKey,
  memoryLimit: bytes,
  onProgress: callable,
};

/** An image that is not in memory. */
export const aReference: Kind = having({ name: text, width: side, height: side, load: callable });

const seenFields = having({
  image: count(0),
  viewer: finite,
  fixations: instanceOf(Float64Array),
  label: maybe(count(0)),
});
/** A sequence of T fixations on one of `images` images. */
export const aSeen =
  (images: number, steps: number): Kind =>
  (who, what, value) => {
    seenFields(who, what, value);
    const { image, fixations } = value as Seen;
    if (image >= images)
      throw new DataError(`${who}: expected ${what} on one of ${images} images, got image ${image}`);
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
  listOf(aSeen(images.length, steps))(who, `${what}.sequences`, sequences);
};

/**
 * Training and test data that share no image: the last images by name are for testing. Both keep the list of all images, and so
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

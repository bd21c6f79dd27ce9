import { requireRoom } from "../core/dtype.js";
import { DataError } from "../core/errors.js";
import {
  callable,
  count,
  fieldOf,
  having,
  isArray,
  kind,
  options as optionsOf,
  orNull,
} from "../core/kinds.js";
import { foldIn, type Key, uniform } from "../core/prng.js";
import { aFovea, cutUnchecked, type Fovea, foveaLength } from "./fovea.js";
import type { Gallery } from "./gallery.js";
import { aKey } from "./kinds.js";
import { aPyramid, type Pyramid } from "./pyramid.js";
import { aReference, aSeen, type References, type Seen, someReferences } from "./references.js";

export interface CutOptions {
  /** Fixations from this one on, 0 by default, */
  readonly from?: number;
  /** up to this one, without it; all by default. */
  readonly to?: number;
  /** Key of random changes, drawn anew for each sequence; none without it. */
  readonly augment?: Key | null;
}

/** What n sequences see at t fixations. */
export interface Cut {
  /** [n, t, S, 3, P, P], 0 to 255. */
  readonly crops: Float32Array;
  /** [n, t, 2], the displacement from the fixation before over the image's diagonal; zero at a sequence's first. */
  readonly saccades: Float64Array;
  /** [n, t, 2], the place less the image's center, over its diagonal. */
  readonly positions: Float64Array;
}

/** Zooms are 2^U(-0.4, 0.4). */
const zoomSpread = 0.4;
/** Pixels of the image, along either axis. */
const jitter = 6;

export const anArray = kind(
  "an array of whole numbers",
  (v) => isArray(v) || (ArrayBuffer.isView(v) && !(v instanceof DataView)),
);
/** What shows the images of a data set. */
export const aGallery = having({ pyramid: callable });

/**
 * Cuts what chosen sequences see, `which` by their numbers in the data set. With `augment` each sequence is, as a whole, mirrored
 * with probability 1/2, and seen through a zoom of 2^U(-0.4, 0.4): the sides of its crops times the zoom, saccades and positions
 * over it; and each fixation is moved by up to 6 pixels along either axis, before saccades are taken. Changes depend on the
 * key and on the sequence's number alone: not on what else is cut, nor on `from` and `to`. For other ones in another epoch,
 * fold its number into the key.
 */
export function cutSequences(
  gallery: Gallery,
  references: References,
  which: ArrayLike<number>,
  fovea: Fovea,
  options: CutOptions = {},
): Cut {
  aGallery("cutSequences", "the gallery", gallery);
  someReferences("cutSequences", "the data set", references);
  anArray("cutSequences", "which", which);
  aFovea("cutSequences", "the fovea", fovea);
  const { images, sequences, steps } = references;
  const known = { from: count(0, steps - 1), to: count(1, steps), augment: orNull(aKey) };
  const { from = 0, to = steps, augment = null } = optionsOf("cutSequences", options, known);
  count(1)("cutSequences", "to - from", to - from);
  const [n, t, length] = [which.length, to - from, foveaLength(fovea)];
  const number = count(0, sequences.length - 1);
  for (let i = 0; i < n; i++) {
    const at = fieldOf("cutSequences", "which", which, `${i}`);
    number("cutSequences", `which[${i}]`, at);
    aSeen(images, steps)("cutSequences", `sequence ${at}`, sequences[at as number]);
    aReference("cutSequences", `the image of sequence ${at}`, images[sequences[at as number].image]);
  }
  requireRoom("cutSequences", "float32", n * t * length);
  const crops = new Float32Array(n * t * length);
  const [saccades, positions] = [new Float64Array(2 * n * t), new Float64Array(2 * n * t)];
  for (let i = 0; i < n; i++) {
    const seen = sequences[which[i]];
    const shown = (k: number): Pyramid => pyramidOf(gallery, references, seen, seen.frames?.[from + k]);
    let image = shown(0);
    const { places, flip, zoom } = augmented(seen, augment === null ? null : foldIn(augment, which[i]));
    const sign = flip ? -1 : 1;
    const scale = 1 / (zoom * Math.hypot(image.width, image.height));
    for (let k = 0; k < t; k++) {
      const [x, y] = [places[2 * (from + k)], places[2 * (from + k) + 1]];
      const at = i * t + k;
      if (k > 0 && seen.frames !== undefined) image = shown(k);
      cutUnchecked(image, x, y, fovea, zoom, flip, crops, at * length);
      positions[2 * at] = sign * (x - image.width / 2) * scale;
      positions[2 * at + 1] = (y - image.height / 2) * scale;
      if (from + k === 0) continue;
      saccades[2 * at] = sign * (x - places[2 * (from + k) - 2]) * scale;
      saccades[2 * at + 1] = (y - places[2 * (from + k) - 1]) * scale;
    }
  }
  return { crops, saccades, positions };
}

/** What happens to a sequence under a key: where it looks, and how. */
function augmented(
  { fixations }: Seen,
  key: Key | null,
): { readonly places: Float64Array; readonly flip: boolean; readonly zoom: number } {
  if (key === null) return { places: fixations, flip: false, zoom: 1 };
  const [mirrored, zoomed] = uniform(foldIn(key, "whole"), 2);
  const moved = uniform(foldIn(key, "jitter"), fixations.length);
  return {
    places: fixations.map((at, i) => at + jitter * (2 * moved[i] - 1)),
    flip: mirrored < 0.5,
    zoom: 2 ** (zoomSpread * (2 * zoomed - 1)),
  };
}

/** The image of a sequence, or a frame of it. @throws DataError where the gallery is of other images */
function pyramidOf(gallery: Gallery, { images }: References, { image }: Seen, frame?: number): Pyramid {
  const found = gallery.pyramid(image, frame);
  aPyramid("cutSequences", `the pyramid of image ${image}`, found);
  const { name, width, height } = images[image];
  if (found.name !== name || found.width !== width || found.height !== height)
    throw new DataError(
      `cutSequences: expected a gallery of the data set's images, with ${name} of ${width} x ${height} pixels at ${image}, got ${found.name} of ${found.width} x ${found.height}`,
      name,
    );
  return found;
}

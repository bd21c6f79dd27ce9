import { DataError } from "../core/errors.js";
import {
  anything,
  bytes,
  callable,
  count,
  finite,
  having,
  instanceOf,
  type Kind,
  listOf,
  text,
} from "../core/kinds.js";
import { requireKey } from "../core/prng.js";

export const aKey: Kind = (who, _, value) => {
  requireKey(who, value as never);
};
/** A path that a system could know: what is longer is none. */
export const aPath: Kind = (who, what, value) => {
  text(who, what, value);
  const { length } = value as string;
  if (length === 0 || length > 4096)
    throw new DataError(`${who}: expected ${what} of 1 to 4096 characters, got ${length}`);
};
/** Most pixels along a side. */
export const mostPixels = 2 ** 15;
/** A side in pixels. */
export const side = count(1, mostPixels);

/** A picture in memory. */
export const anImage: Kind = (who, what, value) => {
  having({
    name: text,
    width: side,
    height: side,
    data: instanceOf(Uint8Array),
  })(who, what, value);
  const { width, height, data } = value as { width: number; height: number; data: Uint8Array };
  if (data.length !== 3 * width * height)
    throw new DataError(
      `${who}: expected ${3 * width * height} bytes of ${width} x ${height} pixels in ${what}, got ${data.length}`,
    );
};

interface Numbers {
  readonly patches: Float32Array;
  readonly fixations: Float64Array;
}

const fields = having({
  image: text,
  viewer: finite,
  patches: instanceOf(Float32Array),
  fixations: instanceOf(Float64Array),
  width: finite,
  height: finite,
  diagonal: finite,
});

/** What one viewer saw: T fixations and T square patches. */
export const aSequence: Kind = (who, what, value) => {
  fields(who, what, value);
  const { patches, fixations } = value as Numbers;
  const steps = fixations.length / 2;
  const size = Math.sqrt(patches.length / steps / 3);
  if (steps >= 1 && Number.isInteger(steps) && size >= 1 && Number.isInteger(size)) return;
  throw new DataError(
    `${who}: expected fixations [T, 2] and patches [T, 3, S, S] in ${what}, got ${fixations.length} and ${patches.length} numbers`,
  );
};

/** Sequences of one number of steps and one size of patches. */
export const sequencesOf = (least: number): Kind => {
  const list = listOf(aSequence, least);
  return (who, what, value) => {
    list(who, what, value);
    const all = value as readonly Numbers[];
    const other = all.findIndex(
      ({ patches, fixations }) =>
        patches.length !== all[0].patches.length || fixations.length !== all[0].fixations.length,
    );
    if (other >= 0)
      throw new DataError(
        `${who}: expected sequences of one length and size in ${what}, got other ones at ${other}`,
      );
  };
};

/** What all makers of sequences take. */
export const shared = {
  steps: anything,
  cropSize: anything,
  size: anything,
  sampler: anything,
  key: aKey,
  memoryLimit: bytes,
  onProgress: callable,
};

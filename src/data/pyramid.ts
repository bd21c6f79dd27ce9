import { requireRoom } from "../core/dtype.js";
import { DataError } from "../core/errors.js";
import { having, instanceOf, type Kind, listOf, text } from "../core/kinds.js";
import type { Image } from "./image.js";
import { anImage, side } from "./kinds.js";

/** An image at one of its halved sizes. */
export interface PyramidLevel {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], red, green and blue from 0 to 255. */
  readonly data: Uint8Array;
}

/**
 * An image averaged down step by step (Burt & Adelson 1983, with the filter of a box): pixel i of level k is the mean of the
 * pixels i 2^k to (i + 1) 2^k - 1 of the image, along either side; at the right and lower edge of those that there are.
 */
export interface Pyramid {
  readonly name: string;
  /** Size of the image in pixels. */
  readonly width: number;
  readonly height: number;
  /** Level 0 is the image; level k has ceil(width / 2^k) x ceil(height / 2^k) pixels. */
  readonly levels: readonly PyramidLevel[];
}

/** Levels go on while the shorter side has at least so many pixels. */
const shortest = 8;

const sizes = having({ width: side, height: side, data: instanceOf(Uint8Array) });
const fields = having({ name: text, width: side, height: side, levels: listOf(sizes, 1) });

/** A pyramid as it is made here. */
export const aPyramid: Kind = (who, what, value) => {
  fields(who, what, value);
  const { width, height, levels } = value as Pyramid;
  const wrong = levels.findIndex((level, k) => {
    const [w, h] = [Math.ceil(width / 2 ** k), Math.ceil(height / 2 ** k)];
    return level.width !== w || level.height !== h || level.data.length !== 3 * w * h;
  });
  if (wrong >= 0)
    throw new DataError(
      `${who}: expected level ${wrong} of ${what} to halve ${width} x ${height} pixels ${wrong} times, got ${levels[wrong].data.length} bytes of ${levels[wrong].width} x ${levels[wrong].height}`,
    );
};

/** Sizes of all levels, the image's first. */
function levelSizes(width: number, height: number): [width: number, height: number][] {
  const out: [number, number][] = [[width, height]];
  for (let [w, h] = [width, height]; ; ) {
    [w, h] = [Math.ceil(w / 2), Math.ceil(h / 2)];
    if (Math.min(w, h) < shortest) return out;
    out.push([w, h]);
  }
}

/** Bytes of a pyramid, its image included. */
export const pyramidBytes = (width: number, height: number): number =>
  levelSizes(width, height).reduce((sum, [w, h]) => sum + 3 * w * h, 0);

/**
 * The pyramid of an image, down to a shorter side of 8 to 14 pixels; the image itself where it is smaller. Level 0 is the
 * image's own data, not a copy. Each level is rounded from exact means, so that no pixel is off by more than a half.
 */
export function pyramid(image: Image): Pyramid {
  anImage("pyramid", "the image", image);
  const { name, width, height } = image;
  const [, ...smaller] = levelSizes(width, height);
  const levels: PyramidLevel[] = [{ width, height, data: image.data }];
  // means are passed on before they are rounded
  let from: Uint8Array | Float32Array = image.data;
  if (smaller.length > 0) requireRoom("pyramid", "float32", 3 * smaller[0][0] * smaller[0][1]);
  for (const [k, [w, h]] of smaller.entries()) {
    const above = levels[k];
    const [columns, rows] = [pairs(width, k, w), pairs(height, k, h)];
    const means = new Float32Array(3 * w * h);
    for (let y = 0, at = 0; y < h; y++) {
      const [top, bottom] = [rows[2 * y], rows[2 * y + 1]];
      const row = 2 * y * 3 * above.width;
      const below = bottom > 0 ? row + 3 * above.width : row;
      for (let x = 0; x < w; x++) {
        const [left, right] = [columns[2 * x], columns[2 * x + 1]];
        const next = right > 0 ? 3 : 0;
        for (let c = 6 * x; c < 6 * x + 3; c++)
          means[at++] =
            top * (left * from[row + c] + right * from[row + c + next]) +
            bottom * (left * from[below + c] + right * from[below + c + next]);
      }
    }
    const data = new Uint8Array(means.length);
    for (let i = 0; i < means.length; i++) data[i] = means[i] + 0.5;
    levels.push({ width: w, height: h, data });
    from = means;
  }
  return { name, width, height, levels };
}

/** A copy whose levels lie in one SharedArrayBuffer, which threads read without copies of their own. */
export function sharedPyramid({ name, width, height, levels }: Pyramid): Pyramid {
  const buffer = new SharedArrayBuffer(pyramidBytes(width, height));
  let at = 0;
  return {
    name,
    width,
    height,
    levels: levels.map((level) => {
      const data = new Uint8Array(buffer, at, level.data.length);
      data.set(level.data);
      at += data.length;
      return { ...level, data };
    }),
  };
}

/** How much each of two neighbors of level k counts in the `n` pixels of the next: by the pixels of the image in them. */
function pairs(pixels: number, k: number, n: number): Float64Array {
  const cell = 2 ** k;
  const out = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    const covered = Math.min(2 * cell, pixels - 2 * i * cell);
    out[2 * i] = Math.min(cell, covered) / covered;
    out[2 * i + 1] = Math.max(0, covered - cell) / covered;
  }
  return out;
}

import {
  count,
  finite,
  flag,
  having,
  instanceOf,
  type Kind,
  kind,
  listOf,
  options as optionsOf,
} from "../core/kinds.js";
import { Areas } from "./areas.js";
import { side } from "./kinds.js";
import { aPyramid, type Pyramid, type PyramidLevel } from "./pyramid.js";

/** What is seen at a fixation: concentric squares, each averaged to one size, so that the eye sees less and less detail outward. */
export interface Fovea {
  /** Sides of the squares in pixels of the image, such as `[64, 128, 256]`; at most 16 of at most 2^15. */
  readonly crops: readonly number[];
  /** Side in pixels that each is averaged to, P; at most 512. */
  readonly size: number;
}

export interface CropOptions {
  /** Factor of the sides of the squares, 1/16 to 16; 1 by default. */
  readonly zoom?: number;
  /** Whether each crop is mirrored, left to right. */
  readonly flip?: boolean;
}

const [mostCrops, mostPixels, mostZoom] = [16, 512, 16];
const sides = listOf(side, 1);

/** A fovea. */
export const aFovea: Kind = (who, what, value) => {
  having({ crops: sides, size: count(1, mostPixels) })(who, what, value);
  count(1, mostCrops)(who, `the number of crops of ${what}`, (value as Fovea).crops.length);
};
const aZoom = kind(
  `a number from 1/${mostZoom} to ${mostZoom}`,
  (v) => typeof v === "number" && v >= 1 / mostZoom && v <= mostZoom,
);
const known = { zoom: aZoom, flip: flag };

/** Numbers of one fixation, [S, 3, P, P]. */
export const foveaLength = ({ crops, size }: Fovea): number => crops.length * 3 * size * size;

/**
 * Concentric squares around a fixation, written as [S, 3, P, P] from 0 to 255. They are not shifted inside the image: beyond
 * its edge they see it mirrored, the edge pixels once. Each is averaged to P x P by exact areas on the level of the pyramid
 * where a pixel of the crop covers at least 2 and less than 4 pixels (the image where it covers fewer, the smallest level
 * where it covers more): what is averaged there twice is off by no more than what the edges of the level's pixels cut off.
 */
export function cutCrops(
  image: Pyramid,
  x: number,
  y: number,
  fovea: Fovea,
  options: CropOptions,
  into: Float32Array,
  offset: number,
): void {
  aPyramid("cutCrops", "the pyramid", image);
  finite("cutCrops", "x", x);
  finite("cutCrops", "y", y);
  aFovea("cutCrops", "the fovea", fovea);
  const { zoom = 1, flip = false } = optionsOf("cutCrops", options, known);
  instanceOf(Float32Array)("cutCrops", "into", into);
  count(0, into.length - foveaLength(fovea))("cutCrops", "offset", offset);
  cutUnchecked(image, x, y, fovea, zoom, flip, into, offset);
}

const [columns, rows] = [new Areas(), new Areas()];
/** One row of the level's pixels that a crop covers, averaged over the rows of one of its pixels. */
let line = new Float64Array(0);

/** The same for a fovea, a pyramid and numbers that have been checked. */
export function cutUnchecked(
  { width, height, levels }: Pyramid,
  x: number,
  y: number,
  { crops, size }: Fovea,
  zoom: number,
  flip: boolean,
  into: Float32Array,
  offset: number,
): void {
  const plane = size * size;
  for (let s = 0; s < crops.length; s++) {
    const side = crops[s] * zoom;
    let k = 0;
    while (k + 1 < levels.length && side / size >= 2 ** (k + 2)) k++;
    columns.fill(x, side, size, width, k);
    rows.fill(y, side, size, height, k);
    averageOut(levels[k], size, flip, into, offset + s * 3 * plane);
  }
}

/** One crop, whose pixels cover what `columns` and `rows` say. */
function averageOut(
  { width, data }: PyramidLevel,
  size: number,
  flip: boolean,
  into: Float32Array,
  offset: number,
): void {
  const plane = size * size;
  const n = 3 * (columns.highest - columns.lowest + 1);
  if (line.length < n) line = new Float64Array(n);
  for (let j = 0; j < size; j++) {
    // down first: rows of bytes are read as they lie, three in one pass, which most pixels of a crop cover
    const rest = rows.last[j] - rows.first[j];
    const row = 3 * (rows.first[j] * width + columns.lowest);
    const [next, after] = [row + (rest > 0 ? 3 * width : 0), row + (rest > 1 ? 6 * width : 0)];
    const at = rows.start[j];
    const [a, b, c] = [rows.share[at], rest > 0 ? rows.share[at + 1] : 0, rest > 1 ? rows.share[at + 2] : 0];
    for (let q = 0; q < n; q++) line[q] = a * data[row + q] + b * data[next + q] + c * data[after + q];
    for (let k = 3; k <= rest; k++) {
      const [share, further] = [rows.share[at + k], row + k * 3 * width];
      for (let q = 0; q < n; q++) line[q] += share * data[further + q];
    }
    for (let i = 0; i < size; i++) {
      let [red, green, blue] = [0, 0, 0];
      let at = columns.start[i];
      let q = 3 * (columns.first[i] - columns.lowest);
      const end = q + 3 * (columns.last[i] - columns.first[i]);
      for (; q <= end; q += 3, at++) {
        const share = columns.share[at];
        red += share * line[q];
        green += share * line[q + 1];
        blue += share * line[q + 2];
      }
      const to = offset + j * size + (flip ? size - 1 - i : i);
      into[to] = red;
      into[to + plane] = green;
      into[to + 2 * plane] = blue;
    }
  }
}

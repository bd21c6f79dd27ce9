/**
 * What stands out in an image: a map after Itti, Koch & Niebur (1998), with the color opponency of Walther & Koch (2006).
 */
import type { Image } from "./image.js";
import { anImage } from "./kinds.js";

/** How much each part of an image stands out. */
export interface SaliencyMap {
  /** Cells from left to right and from the top down, which divide the image evenly. */
  readonly columns: number;
  readonly rows: number;
  /** [rows, columns], 0 to 1: the most salient cell has 1; where nothing stands out all have 0. */
  readonly values: Float64Array;
}

/** Cells along the longer side of the finest level of the pyramid; the map has half as many. */
const finest = 96;
/** Levels that are a center, and how many levels coarser their surrounds are. */
const [centers, surrounds] = [
  [0, 1, 2],
  [2, 3],
];
const levels = 6;
/** Differences that are rounding alone, of features from 0 to 1. */
const nothing = 1e-6;
/** Colors of pixels darker than this, of 1, say nothing. */
const darkest = 0.1;
/** Cosine and sine of the four orientations. */
const orientations = [0, 1, 2, 3].map((k) => [Math.cos((k * Math.PI) / 4), Math.sin((k * Math.PI) / 4)]);

/**
 * The saliency of an image, at 48 cells along its longer side: intensity, red-green and blue-yellow opponency, and edges of
 * four orientations, as differences of center and surround over a pyramid. A map with few peaks counts for more than one
 * with many (Itti, Koch & Niebur 1998). @throws ArgumentError, DataError for what is no image
 */
export function saliencyMap(image: Image): SaliencyMap {
  anImage("saliencyMap", "the image", image);
  const { intensity, redGreen, blueYellow } = featuresOf(image);
  const gray = pyramid(intensity);
  const edges = orientations.map(([x, y]) => promoted(contrast(gray.map((level) => edge(level, x, y)))));
  const color = [redGreen, blueYellow].map((feature) => contrast(pyramid(feature)));
  const parts = [contrast(gray), sum(color), sum(edges)].map(promoted);
  return smoothed(scaled(sum(parts)));
}

/** Intensity and color opponency from -1 to 1, averaged over the cells of the finest level. */
function featuresOf({ width, height, data }: Image) {
  const scale = Math.min(1, finest / Math.max(width, height));
  const [columns, rows] = [width, height].map((side) => Math.max(1, Math.round(side * scale)));
  const [sums, pixels] = [new Float64Array(3 * columns * rows), new Float64Array(columns * rows)];
  const columnOf = Int32Array.from({ length: width }, (_, x) => Math.floor((x * columns) / width));
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++, at += 3) {
      const cell = row + columnOf[x];
      sums[3 * cell] += data[at];
      sums[3 * cell + 1] += data[at + 1];
      sums[3 * cell + 2] += data[at + 2];
      pixels[cell]++;
    }
  }
  const [intensity, redGreen, blueYellow] = [0, 1, 2].map(() => new Float64Array(pixels.length));
  for (let i = 0; i < pixels.length; i++) {
    const whole = 255 * pixels[i];
    const [r, g, b] = [sums[3 * i] / whole, sums[3 * i + 1] / whole, sums[3 * i + 2] / whole];
    intensity[i] = (r + g + b) / 3;
    // over the brightest channel, so that a color counts as much in the shade
    const most = Math.max(r, g, b);
    if (most < darkest) continue;
    redGreen[i] = (r - g) / most;
    blueYellow[i] = (b - Math.min(r, g)) / most;
  }
  const plane = (values: Float64Array): SaliencyMap => ({ columns, rows, values });
  return { intensity: plane(intensity), redGreen: plane(redGreen), blueYellow: plane(blueYellow) };
}

/** An image at each level, half as wide as the one before. */
function pyramid(finest: SaliencyMap): SaliencyMap[] {
  const out = [finest];
  while (out.length < levels) out.push(halved(out[out.length - 1]));
  return out;
}

const binomial = [1, 4, 6, 4, 1].map((w) => w / 16);

/** Every `step`-th cell of what is blurred from left to right, with columns and rows exchanged. */
function blurredAcross({ columns, rows, values }: SaliencyMap, step: number): SaliencyMap {
  const fewer = Math.ceil(columns / step);
  const out = new Float64Array(fewer * rows);
  for (let x = 0; x < fewer; x++)
    for (let k = -2; k <= 2; k++) {
      const from = Math.min(Math.max(step * x + k, 0), columns - 1);
      for (let y = 0; y < rows; y++) out[x * rows + y] += binomial[k + 2] * values[y * columns + from];
    }
  return { columns: rows, rows: fewer, values: out };
}
const halved = (map: SaliencyMap): SaliencyMap => blurredAcross(blurredAcross(map, 2), 2);
const blurred = (map: SaliencyMap): SaliencyMap => blurredAcross(blurredAcross(map, 1), 1);

/** Strength of edges across a direction. */
function edge({ columns, rows, values }: SaliencyMap, dx: number, dy: number): SaliencyMap {
  const out = new Float64Array(values.length);
  for (let y = 0; y < rows; y++) {
    const [above, below] = [Math.max(y - 1, 0) * columns, Math.min(y + 1, rows - 1) * columns];
    for (let x = 0; x < columns; x++) {
      const across =
        values[y * columns + Math.min(x + 1, columns - 1)] - values[y * columns + Math.max(x - 1, 0)];
      out[y * columns + x] = Math.abs(dx * across + dy * (values[below + x] - values[above + x]));
    }
  }
  return { columns, rows, values: out };
}

/** Differences of center and surround at the size of the second level, each promoted, summed. */
function contrast(levels: readonly SaliencyMap[]): SaliencyMap {
  const [, size] = levels;
  const shown = levels.map((level) => resized(level, size));
  return sum(
    centers.flatMap((center) =>
      surrounds.map((coarser) => {
        const around = shown[center + coarser].values;
        return promoted({ ...size, values: shown[center].values.map((v, i) => Math.abs(v - around[i])) });
      }),
    ),
  );
}

/** Read in between cells, linearly. */
function resized({ columns, rows, values }: SaliencyMap, size: SaliencyMap): SaliencyMap {
  if (columns === size.columns && rows === size.rows) return { columns, rows, values };
  const along = (n: number, from: number) =>
    Array.from({ length: n }, (_, i) => {
      const at = Math.min(Math.max(((i + 0.5) * from) / n - 0.5, 0), from - 1);
      const low = Math.floor(at);
      return { low, high: Math.min(low + 1, from - 1), share: at - low };
    });
  const [xs, ys] = [along(size.columns, columns), along(size.rows, rows)];
  const out = new Float64Array(size.columns * size.rows);
  let i = 0;
  for (const y of ys) {
    const [above, below] = [y.low * columns, y.high * columns];
    for (const { low, high, share } of xs) {
      const upper = values[above + low] + (values[above + high] - values[above + low]) * share;
      const lower = values[below + low] + (values[below + high] - values[below + low]) * share;
      out[i++] = upper + (lower - upper) * y.share;
    }
  }
  return { columns: size.columns, rows: size.rows, values: out };
}

function sum(maps: readonly SaliencyMap[]): SaliencyMap {
  const total = new Float64Array(maps[0].values.length);
  for (const { values } of maps) for (let i = 0; i < total.length; i++) total[i] += values[i];
  return { ...maps[0], values: total };
}

function scaled(map: SaliencyMap): SaliencyMap {
  const most = map.values.reduce((a, b) => Math.max(a, b), 0);
  return { ...map, values: map.values.map((v) => (most < nothing ? 0 : v / most)) };
}

/** Scaled to 1, then times (1 - the mean of its other peaks)^2: what stands out once is promoted. */
function promoted(map: SaliencyMap): SaliencyMap {
  const { columns, rows, values } = scaled(map);
  let [total, peaks] = [0, 0];
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++) {
      const here = values[y * columns + x];
      if (here > 0 && here < 1 && isPeak(values, columns, rows, x, y)) {
        total += here;
        peaks++;
      }
    }
  const weight = (1 - (peaks === 0 ? 0 : total / peaks)) ** 2;
  return { columns, rows, values: values.map((v) => v * weight) };
}

function isPeak(values: Float64Array, columns: number, rows: number, x: number, y: number): boolean {
  const here = values[y * columns + x];
  for (let j = Math.max(y - 1, 0); j <= Math.min(y + 1, rows - 1); j++)
    for (let i = Math.max(x - 1, 0); i <= Math.min(x + 1, columns - 1); i++)
      if (values[j * columns + i] > here) return false;
  return true;
}

/** Blurred about as far as gaze is off its goal. */
const smoothed = (map: SaliencyMap): SaliencyMap => scaled(blurred(map));

import { ArgumentError } from "../core/errors.js";
import { count, nameOf } from "../core/kinds.js";
import { foldIn, type Key, normal, requireKey, uniform } from "../core/prng.js";
import type { Image } from "./image.js";
import { anImage, side } from "./kinds.js";
import { type SaliencyMap, saliencyMap } from "./saliency.js";

/**
 * Where to look: T fixations [T, 2] in pixels on an image of the given size. `saliency` needs the image itself; the others
 * look nowhere in it.
 */
export type Sampler = (key: Key, count: number, width: number, height: number, image?: Image) => Float64Array;

/** Most fixations of one scanpath. */
const mostFixations = 10_000;
const fixationCount = count(1, mostFixations);

/** Requires an image of a size. @throws ArgumentError, DataError */
function sized(image: Image, width: number, height: number): void {
  anImage("sampler", "the image", image);
  if (image.width !== width || image.height !== height)
    throw new ArgumentError(
      `sampler: expected an image of ${width} x ${height} pixels, got ${image.width} x ${image.height}`,
    );
}

/** A sampler behind a gate of its arguments. */
const sampler =
  (draw: Sampler): Sampler =>
  (key, n, width, height, image) => {
    requireKey("sampler", key);
    fixationCount("sampler", "the number of fixations", n);
    for (const pixels of [width, height]) side("sampler", "the size of the image", pixels);
    if (image !== undefined) sized(image, width, height);
    return draw(key, n, width, height, image);
  };

const uniformly = sampler((key, count, width, height) =>
  uniform(key, 2 * count).map((u, i) => u * (i % 2 === 0 ? width : height)),
);

/** Cells of the grid that a fixation is drawn from, along the longer side. */
const gridSize = 40;
const centerSpread = [0.21, 0.2] as const;
const saccadeShape = 1.06;
/** Scale of saccade lengths, as a share of the image diagonal. */
const saccadeScale = 0.134;
/** Spread of inhibition of return, as a share of the diagonal, and how it fades per fixation. */
const [inhibitionSpread, inhibitionDecay] = [0.06, 0.8];

/**
 * Fixations with a bias to the center, N(0.21 W, 0.20 H) around it, saccade lengths of density
 * Gamma(1.06, 0.134 diagonal) spread over directions, and inhibition of return.
 */
const centerBiased = sampler((key, count, width, height) => {
  const diagonal = Math.hypot(width, height);
  const cell = Math.max(width, height) / gridSize;
  const [columns, rows] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  const n = columns * rows;
  const [px, py] = [new Float64Array(n), new Float64Array(n)];
  const bias = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    px[i] = Math.min(((i % columns) + 0.5) * cell, width);
    py[i] = Math.min((Math.floor(i / columns) + 0.5) * cell, height);
    const [dx, dy] = [(px[i] / width - 0.5) / centerSpread[0], (py[i] / height - 0.5) / centerSpread[1]];
    bias[i] = Math.exp(-(dx * dx + dy * dy) / 2);
  }
  const inhibition = new Float64Array(n);
  const weight = new Float64Array(n);
  const out = new Float64Array(2 * count);
  for (let t = 0; t < count; t++) {
    let total = 0;
    for (let i = 0; i < n; i++) {
      weight[i] = bias[i] * (1 - inhibition[i]);
      if (t > 0) {
        // the density of a length r spreads over a ring of circumference proportional to r
        const r = Math.max(
          Math.hypot(px[i] - out[2 * t - 2], py[i] - out[2 * t - 1]) / diagonal,
          cell / diagonal / 2,
        );
        weight[i] *= r ** (saccadeShape - 2) * Math.exp(-r / saccadeScale);
      }
      total += weight[i];
    }
    const [u, jitterX, jitterY] = uniform(foldIn(key, t), 3);
    let [chosen, left] = [0, u * total];
    while (chosen < n - 1 && left >= weight[chosen]) left -= weight[chosen++];
    out[2 * t] = Math.min(Math.max(px[chosen] + (jitterX - 0.5) * cell, 0), width);
    out[2 * t + 1] = Math.min(Math.max(py[chosen] + (jitterY - 0.5) * cell, 0), height);
    for (let i = 0; i < n; i++) {
      const d = Math.hypot(px[i] - out[2 * t], py[i] - out[2 * t + 1]) / diagonal / inhibitionSpread;
      inhibition[i] = Math.max(inhibition[i] * inhibitionDecay, Math.exp((-d * d) / 2));
    }
  }
  return out;
});

/** Directions that a place is chosen among, evenly around the last one. */
const directions = 64;
/** The map's weight, (least + saliency)^power: of powers 0.5, 1 and 2 the best at human fixations on 50 of OSIE's images 1001 to 1300. */
const [least, power] = [0.03, 2];
/** Fixations after which inhibition has faded: 0.8^32 is below a thousandth. */
const memory = 32;
/** Lengths tried before the eye stays at its place, which it does where an image is far narrower than long. */
const mostTries = 100;

/**
 * Fixations that see the image: its saliency map, the bias to the center, and inhibition of return, at saccade lengths of
 * density Gamma(1.06, 0.134 diagonal). A place chosen by all of these at once, as `centerBiased` does it, has other lengths
 * than that density: inhibition takes short ones, the bias and the ends of the image long ones. So the length is drawn first,
 * then the place on the ring around the last one; only lengths that lead off the image in all directions are drawn again.
 */
const salient = sampler((key, count, width, height, image) => {
  if (image === undefined)
    throw new ArgumentError("sampler: expected the image as the last argument for saliency, got undefined");
  const map = saliencyMap(image);
  return salientOn(key, count, width, height, () => map);
});

/** The same on what moves: `mapAt` gives the map of what is there at each fixation, counted from 0. */
export function salientOn(
  key: Key,
  count: number,
  width: number,
  height: number,
  mapAt: (t: number) => SaliencyMap,
): Float64Array {
  const diagonal = Math.hypot(width, height);
  const out = new Float64Array(2 * count);
  const first = firstOf(foldIn(key, 0), mapAt(0));
  [out[0], out[1]] = [first[0] * width, first[1] * height];
  const weight = new Float64Array(directions);
  for (let t = 1; t < count; t++) {
    const own = foldIn(key, t);
    const map = mapAt(t);
    const [x, y] = [out[2 * t - 2], out[2 * t - 1]];
    [out[2 * t], out[2 * t + 1]] = [x, y];
    for (let attempt = 0; attempt < mostTries; attempt++) {
      const tried = foldIn(own, attempt);
      const length = saccadeLength(tried) * diagonal;
      const [phase, u] = uniform(foldIn(tried, "direction"), 2);
      const at = (k: number): [number, number] => {
        const angle = (2 * Math.PI * (k + phase)) / directions;
        return [x + length * Math.cos(angle), y + length * Math.sin(angle)];
      };
      let total = 0;
      for (let k = 0; k < directions; k++) {
        const [px, py] = at(k);
        const inside = px >= 0 && px <= width && py >= 0 && py <= height;
        weight[k] = inside
          ? appeal(map, px / width, py / height) * (1 - inhibitionAt(out, t, px, py, diagonal))
          : 0;
        total += weight[k];
      }
      if (total === 0) continue;
      [out[2 * t], out[2 * t + 1]] = at(chosenOf(weight, u * total));
      break;
    }
  }
  return out;
}

/** Saliency times the bias to the center, at shares of the width and height. */
function appeal({ columns, rows, values }: SaliencyMap, x: number, y: number): number {
  const [dx, dy] = [(x - 0.5) / centerSpread[0], (y - 0.5) / centerSpread[1]];
  const column = Math.min(Math.floor(x * columns), columns - 1);
  const row = Math.min(Math.floor(y * rows), rows - 1);
  return (least + values[row * columns + column]) ** power * Math.exp(-(dx * dx + dy * dy) / 2);
}

/** The first fixation in shares of the width and height: no saccade leads to it. */
function firstOf(key: Key, map: SaliencyMap): [x: number, y: number] {
  const { columns, rows } = map;
  const weight = map.values.map((_, i) =>
    appeal(map, ((i % columns) + 0.5) / columns, (Math.floor(i / columns) + 0.5) / rows),
  );
  const [u, jitterX, jitterY] = uniform(key, 3);
  const cell = chosenOf(weight, u * weight.reduce((a, b) => a + b, 0));
  return [((cell % columns) + jitterX) / columns, (Math.floor(cell / columns) + jitterY) / rows];
}

/** The place of a number below the sum of all weights; what rounding leaves over falls to the last one with a weight. */
function chosenOf(weight: Float64Array, below: number): number {
  let [chosen, left] = [0, below];
  for (let i = 0; i < weight.length; i++) {
    if (weight[i] === 0) continue;
    chosen = i;
    if (left < weight[i]) break;
    left -= weight[i];
  }
  return chosen;
}

/** A length over the diagonal, of the Gamma density (Marsaglia & Tsang 2000). */
function saccadeLength(key: Key): number {
  const d = saccadeShape - 1 / 3;
  for (let attempt = 0; ; attempt++) {
    const own = foldIn(key, attempt);
    const [z] = normal(foldIn(own, "normal"), 1);
    const [u] = uniform(foldIn(own, "uniform"), 1);
    const v = (1 + z / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(1 - u) < (z * z) / 2 + d - d * v + d * Math.log(v)) return d * v * saccadeScale;
  }
}

/** How much the fixations before the t-th keep the eye from a place, 0 to 1. */
function inhibitionAt(fixations: Float64Array, t: number, x: number, y: number, diagonal: number): number {
  let most = 0;
  for (let s = Math.max(0, t - memory); s < t; s++) {
    const d = Math.hypot(x - fixations[2 * s], y - fixations[2 * s + 1]) / diagonal / inhibitionSpread;
    most = Math.max(most, inhibitionDecay ** (t - 1 - s) * Math.exp((-d * d) / 2));
  }
  return most;
}

export const samplers: Readonly<Record<string, Sampler>> = {
  uniform: uniformly,
  centerBiased,
  saliency: salient,
};

/** A sampler by name. @throws ArgumentError for an unknown name */
export function samplerNamed(name: string): Sampler {
  const sampler = typeof name === "string" && Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  if (!sampler)
    throw new ArgumentError(
      `sampler: expected one of ${Object.keys(samplers).join(", ")}, got ${nameOf(name)}`,
    );
  return sampler;
}

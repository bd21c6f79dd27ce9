import { ArgumentError } from "../core/errors.js";
import { count, nameOf } from "../core/kinds.js";
import { foldIn, type Key, requireKey, uniform } from "../core/prng.js";
import { side } from "./kinds.js";

/** Where to look: T fixations [T, 2] in pixels on an image of the given size. */
export type Sampler = (key: Key, count: number, width: number, height: number) => Float64Array;

/** Most fixations of one scanpath. */
const mostFixations = 10_000;
const fixationCount = count(1, mostFixations);

/** A sampler behind a gate of its arguments. */
const sampler =
  (draw: Sampler): Sampler =>
  (key, n, width, height) => {
    requireKey("sampler", key);
    fixationCount("sampler", "the number of fixations", n);
    for (const pixels of [width, height]) side("sampler", "the size of the image", pixels);
    return draw(key, n, width, height);
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

export const samplers: Readonly<Record<string, Sampler>> = { uniform: uniformly, centerBiased };

/** A sampler by name. @throws ArgumentError for an unknown name */
export function samplerNamed(name: string): Sampler {
  const sampler = typeof name === "string" && Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  if (!sampler)
    throw new ArgumentError(
      `sampler: expected one of ${Object.keys(samplers).join(", ")}, got ${nameOf(name)}`,
    );
  return sampler;
}

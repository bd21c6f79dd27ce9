import { DataError } from "../../../core/errors.js";
import { foldIn, type Key, uniform } from "../../../core/prng.js";
import type { Fixations } from "../representation.js";
import { imagesOf } from "./bootstrap.js";
import { perCrop } from "./low-level.js";

/** For each sequence a fixation of another image; both [N]. */
export interface Strangers {
  readonly sequence: Int32Array;
  readonly step: Int32Array;
}

/** Matched strangers of each sequence, each of another image. */
const matches = 3;
/** Positions this far apart, over the diagonal, count as one. */
const apart = 0.15;

/** Sequences by image and then by where they look: what is drawn does not depend on how they were listed. */
export function canonicalOrder({ count, steps, image, positions }: Fixations): Int32Array {
  const before = (a: number, b: number): number => {
    if (image[a] !== image[b]) return image[a] - image[b];
    for (let k = 0; k < 2 * steps; k++) {
      const difference = positions[2 * steps * a + k] - positions[2 * steps * b + k];
      if (difference !== 0) return difference;
    }
    return 0;
  };
  return Int32Array.from({ length: count }, (_, i) => i).sort(before);
}

/** For each sequence another one of another image, at random; [N]. @throws DataError for a single image */
export function partnersOf(fixations: Fixations, key: Key): Int32Array {
  const { count, image } = fixations;
  const order = canonicalOrder(fixations);
  const u = uniform(foldIn(key, "partners"), count);
  const out = new Int32Array(count);
  for (let first = 0; first < count; ) {
    let end = first;
    while (end < count && image[order[end]] === image[order[first]]) end++;
    const others = count - (end - first);
    if (others === 0) throw new DataError("judge: expected sequences of at least 2 images, got 1");
    for (let r = first; r < end; r++) {
      const at = Math.floor(u[r] * others);
      out[order[r]] = order[at < first ? at : at + end - first];
    }
    first = end;
  }
  return out;
}

/** A fixation of a random partner, none of the first two. */
export function randomStrangers(fixations: Fixations, key: Key): Strangers {
  const { count, steps } = fixations;
  const first = Math.min(2, steps - 1);
  const u = uniform(foldIn(key, "steps"), count);
  const step = new Int32Array(count);
  canonicalOrder(fixations).forEach((i, r) => {
    step[i] = first + Math.floor(u[r] * (steps - first));
  });
  return { sequence: partnersOf(fixations, foldIn(key, "strangers")), step };
}

/**
 * The fixations nearest to each sequence's last one in mean color and contrast at all scales and in position, of as many other
 * images, nearest first: who tells these from the real one knows more than colors. `low` is [N, T, S, 4].
 */
export function matchedStrangers(fixations: Fixations, low: Float64Array): Strangers[] {
  const { count, steps, scales, positions, diagonal } = fixations;
  const { index, count: images } = imagesOf(fixations.image);
  const [first, own] = [Math.min(2, steps - 1), scales * perCrop];
  const width = own + 2;
  const pool: { readonly sequence: number; readonly step: number }[] = [];
  for (const sequence of canonicalOrder(fixations))
    for (let step = first; step < steps; step++) pool.push({ sequence, step });
  const points = new Float64Array(pool.length * width);
  pool.forEach(({ sequence, step }, at) => {
    const fixation = sequence * steps + step;
    points.set(low.subarray(fixation * own, (fixation + 1) * own), at * width);
    for (let k = 0; k < 2; k++)
      points[at * width + own + k] = positions[2 * fixation + k] / (apart * diagonal[sequence]);
  });
  scaleColumns(points, width, own);
  const wanted = Math.min(matches, images - 1);
  const out = Array.from({ length: wanted }, () => ({
    sequence: new Int32Array(count),
    step: new Int32Array(count),
  }));
  const [distance, nearest] = [new Float64Array(images), new Int32Array(images)];
  pool.forEach(({ sequence, step }, query) => {
    if (step !== steps - 1) return;
    distance.fill(Infinity);
    const q = points.subarray(query * width, (query + 1) * width);
    for (let at = 0; at < pool.length; at++) {
      const image = index[pool[at].sequence];
      if (image === index[sequence]) continue;
      let sum = 0;
      for (let k = 0; k < width && sum < distance[image]; k++) sum += (points[at * width + k] - q[k]) ** 2;
      if (sum < distance[image]) {
        distance[image] = sum;
        nearest[image] = at;
      }
    }
    const ranked = Array.from(distance.keys()).sort((a, b) => distance[a] - distance[b] || a - b);
    out.forEach((strangers, j) => {
      const found = pool[nearest[ranked[j]]];
      strangers.sequence[sequence] = found.sequence;
      strangers.step[sequence] = found.step;
    });
  });
  return out;
}

/** The first `own` columns of rows [n, width] over their standard deviations, in place. */
function scaleColumns(rows: Float64Array, width: number, own: number): void {
  const n = rows.length / width;
  for (let k = 0; k < own; k++) {
    let [mean, squares] = [0, 0];
    for (let at = k; at < rows.length; at += width) mean += rows[at] / n;
    for (let at = k; at < rows.length; at += width) squares += (rows[at] - mean) ** 2;
    const deviation = Math.sqrt(squares / Math.max(1, n - 1));
    // what does not vary is left as it is, or rounding would tell strangers apart
    if (deviation > 1e-6 * Math.abs(mean))
      for (let at = k; at < rows.length; at += width) rows[at] /= deviation;
  }
}

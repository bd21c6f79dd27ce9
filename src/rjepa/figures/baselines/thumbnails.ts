import { standardColors } from "../../../data/colors.js";
import { opponentChannels } from "../../../data/retina.js";
import type { LinearAlgebra } from "../../linear-algebra.js";
import { centered, columnMeans } from "../judging/arrays.js";
import { crossOf, timesOf } from "../judging/products.js";
import type { Fixations } from "../representation.js";
import type { PatchFeatures } from "./leaky.js";

/** Side of a thumbnail. */
export const thumb = 4;
const pixels = thumb * thumb;

/** Planes of `size` pixels a side, each averaged to `side` x `side`. */
export function pooled(planes: ArrayLike<number>, size: number, side: number): Float64Array {
  const [area, cell] = [size * size, size / side];
  const out = new Float64Array((planes.length / area) * side * side);
  for (let at = 0; at < planes.length; at++) {
    const row = Math.floor(Math.floor((at % area) / size) / cell);
    const column = Math.floor((at % size) / cell);
    out[Math.floor(at / area) * side * side + row * side + column] += planes[at] / cell ** 2;
  }
  return out;
}

/** The smallest crop as 4 x 4 pixels: 48 numbers. */
export const colorThumbnail = (scales: number, size: number): PatchFeatures => ({
  name: "color thumbnail",
  size: 3 * pixels,
  of: (crops, n) => {
    const frame = 3 * size * size;
    const first = new Float32Array(n * frame);
    for (let i = 0; i < n; i++)
      first.set(crops.subarray(i * scales * frame, (i * scales + 1) * frame), i * frame);
    return standardColors(pooled(first, size, thumb));
  },
});

/** The normalized channels of all crops as 4 x 4 pixels: 48 S numbers. */
export const normalizedThumbnail = (scales: number, size: number): PatchFeatures => ({
  name: "normalized thumbnail",
  size: 3 * scales * pixels,
  of: (crops, n) => pooled(opponentChannels(crops, n, scales, size), size, thumb),
});

/** Their first principal components over the patches of some sequences, each of variance 1. */
export function principalThumbnail(
  fit: Fixations,
  components: number,
  algebra: Pick<LinearAlgebra, "eigen">,
): PatchFeatures {
  const { count, steps, scales, size } = fit;
  const whole = normalizedThumbnail(scales, size);
  const d = whole.size;
  const batch = 64;
  const rows = new Float64Array(count * steps * d);
  for (let from = 0; from < count; from += batch) {
    const which = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
    rows.set(whole.of(fit.crops(which, 0, steps), which.length * steps), from * steps * d);
  }
  const mean = columnMeans(rows, d);
  const around = centered(rows, d);
  const moments = crossOf(around, d, around, d).map((v) => v / (count * steps));
  const { values, vectors } = algebra.eigen(moments, d);
  const least = 1e-12 * (values[0] || 1);
  const map = new Float64Array(d * components);
  for (let k = 0; k < d; k++)
    for (let c = 0; c < components; c++)
      map[k * components + c] = vectors[c][k] / Math.sqrt(Math.max(values[c], least));
  return {
    name: `normalized thumbnail, ${components} components`,
    size: components,
    of: (crops, n) =>
      timesOf(
        whole.of(crops, n).map((v, at) => v - mean[at % d]),
        d,
        map,
        components,
      ),
  };
}

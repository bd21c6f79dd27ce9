import type { LinearAlgebra } from "../linear-algebra.js";
import type { Figure } from "./_figure.js";
import { centered, columnMeans, stepsOf } from "./judging/arrays.js";
import { imagesOf } from "./judging/bootstrap.js";
import { effectiveRank } from "./judging/effective-rank.js";
import { failing } from "./judging/estimate.js";
import { crossOf, timesOf } from "./judging/products.js";

/** Added to the scatter within images, as a share of the variance: the paper's δ, where variances are about 1. */
const floor = 1e-4;

/** Eigenvalues of W^(−1/2) B W^(−1/2), which says how far images are apart for how far viewers of one are. */
function discriminants(
  x: Float64Array,
  d: number,
  image: Int32Array,
  algebra: Pick<LinearAlgebra, "eigen">,
): number[] {
  const { index, count } = imagesOf(image);
  const n = image.length;
  const sizes = new Float64Array(count);
  const means = new Float64Array(count * d);
  index.forEach((k, i) => {
    sizes[k]++;
    for (let u = 0; u < d; u++) means[k * d + u] += x[i * d + u];
  });
  for (let at = 0; at < means.length; at++) means[at] /= sizes[Math.floor(at / d)];
  const inside = x.map((v, at) => v - means[index[Math.floor(at / d)] * d + (at % d)]);
  const middle = columnMeans(means, d);
  const between = means.map((v, at) => v - middle[at % d]);
  const within = crossOf(inside, d, inside, d).map((v) => v / n);
  const variance = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  for (let u = 0; u < d; u++) within[u * d + u] += floor * variance;
  const { values, vectors } = algebra.eigen(within, d);
  const root = new Float64Array(d * d);
  for (let u = 0; u < d; u++)
    for (let v = 0; v < d; v++)
      root[u * d + v] = vectors[v][u] / Math.sqrt(Math.max(values[v], floor * variance));
  const whitened = timesOf(between, d, root, d);
  return algebra.eigen(crossOf(whitened, d, whitened, d).slice(), d).values;
}

export const figure: Figure = {
  name: "lidar",
  meaning:
    "Effective rank of what tells images apart in h after the last fixation (LiDAR, Thilak et al. 2023).",
  better: "higher",
  unit: "of d",
  chance: null,
  compute: ({ data, size: d, steps, test }) => {
    const last = centered(stepsOf(test().h, steps, d, steps - 1, steps), d);
    if (last.every((v) => v === 0)) return failing(0);
    const values = discriminants(last, d, data.test.image, data.algebra);
    // as for RankMe, resampling lowers a rank: no interval
    return { value: effectiveRank(values), interval: null };
  },
};

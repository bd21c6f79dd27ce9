import type { Figure } from "./_figure.js";
import { centered } from "./judging/arrays.js";
import { perCrop } from "./judging/low-level.js";
import { applyRidge, fitRidge } from "./judging/ridge.js";
import type { Fixations } from "./representation.js";

/** Fixations whose colors count: h may be leaky. */
const lags = 3;

/** Mean colors of all crops of this fixation and the two before, less their mean at each step; before the first, 0. */
function colors({ count, steps, scales }: Fixations, low: Float64Array): Float64Array {
  const own = 3 * scales;
  const means = low.filter((_, at) => at % perCrop < 3);
  const around = centered(means, steps * own);
  const out = new Float64Array(count * steps * lags * own);
  for (let i = 0; i < count; i++)
    for (let t = 0; t < steps; t++)
      for (let lag = 0; lag < Math.min(lags, t + 1); lag++) {
        const from = (i * steps + t - lag) * own;
        out.set(around.subarray(from, from + own), ((i * steps + t) * lags + lag) * own);
      }
  return out;
}

export const figure: Figure = {
  name: "colorShare",
  meaning:
    "Share of the variance of h that is linear in mean colors of the last three patches at all scales.",
  better: "lower",
  unit: "of the variance",
  chance: null,
  compute: ({ data, size: d, steps, test, train }) => {
    const width = lags * 3 * data.test.scales;
    const around = centered(test().h, steps * d);
    const map = fitRidge(colors(data.fit, data.low.train()), width, centered(train().h, steps * d), d, 1e-3);
    const explained = applyRidge(map, colors(data.test, data.low.test()));
    const n = test().count;
    const [below, above] = [new Float64Array(n), new Float64Array(n)];
    for (let at = 0; at < around.length; at++) {
      const i = Math.floor(at / (steps * d));
      below[i] += around[at] ** 2;
      above[i] += around[at] ** 2 - (explained[at] - around[at]) ** 2;
    }
    return data.bootstrap.ratio(above, below);
  },
};

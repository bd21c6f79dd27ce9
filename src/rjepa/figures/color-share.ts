import type { Figure } from "./_figure.js";
import { centered } from "./judging/arrays.js";
import type { Terms } from "./judging/bootstrap.js";
import type { Judged } from "./judging/judged.js";
import { perCrop } from "./judging/low-level.js";
import { applyRidge, fitRidge } from "./judging/ridge.js";
import type { Fixations } from "./representation.js";

/** Fixations whose colors count: h may be leaky. */
const lags = 3;

/** Mean colors of the first crops of this fixation and the two before, less their mean at each step; before the first, 0. */
function colors({ count, steps, scales }: Fixations, low: Float64Array, crops: number): Float64Array {
  const [all, own] = [3 * scales, 3 * crops];
  const means = low.filter((_, at) => at % perCrop < 3);
  const around = centered(means, steps * all);
  const out = new Float64Array(count * steps * lags * own);
  for (let i = 0; i < count; i++)
    for (let t = 0; t < steps; t++)
      for (let lag = 0; lag < Math.min(lags, t + 1); lag++) {
        const from = (i * steps + t - lag) * all;
        out.set(around.subarray(from, from + own), ((i * steps + t) * lags + lag) * own);
      }
  return out;
}

/** The share that is linear in colors of so many crops, the smallest first. */
function shareOf({ data, size: d, steps, test, train }: Judged, crops: number): Terms {
  const width = lags * 3 * crops;
  const around = centered(test().h, steps * d);
  const known = colors(data.fit, data.low.train(), crops);
  const map = fitRidge(known, width, centered(train().h, steps * d), d, 1e-3);
  const explained = applyRidge(map, colors(data.test, data.low.test(), crops));
  const n = test().count;
  const [below, above] = [new Float64Array(n), new Float64Array(n)];
  for (let at = 0; at < around.length; at++) {
    const i = Math.floor(at / (steps * d));
    below[i] += around[at] ** 2;
    above[i] += around[at] ** 2 - (explained[at] - around[at]) ** 2;
  }
  return data.bootstrap.ratio(above, below);
}

export const figure: Figure = {
  name: "colorShare",
  meaning:
    "Share of the variance of h that is linear in mean colors of the last three patches, of the smallest crop; apart, of all crops.",
  better: "lower",
  unit: "of the variance",
  chance: null,
  compute: (judged) => {
    const own = shareOf(judged, 1);
    return {
      ...own,
      series: [
        { at: "smallest crop", ...own },
        { at: "all crops", ...shareOf(judged, judged.data.test.scales) },
      ],
    };
  },
};

import type { Found } from "../_figure.js";
import { centered, meanSquares, squaredErrors, stepsOf } from "./arrays.js";
import { failing } from "./estimate.js";
import type { Before, Judged, Seen } from "./judged.js";
import { applyRidge, fitRidge } from "./ridge.js";
import { toldWidth, withSaccades } from "./saccades.js";

/**
 * How well the last patch alone is predicted, by a ridge regression with the saccade, from embeddings that know the last k
 * fixations before it, k = 1 to T − 1: errors over its variance, and how far they fall from the first to the last.
 */
export function memory(j: Judged, known: (k: number) => Before): Found | null {
  const { size: d, steps } = j;
  const { bootstrap } = j.data;
  if (steps < 3) return null;
  const lastTarget = (s: Seen): Float64Array => stepsOf(s.fresh, steps, d, steps - 1, steps);
  const lastSaccade = (s: Seen): Float64Array => stepsOf(s.saccades, steps - 1, 2, steps - 2, steps - 1);
  const [real, toFit] = [lastTarget(j.test()), lastTarget(j.train())];
  const variance = meanSquares(centered(real, d), d);
  if (variance.every((v) => v === 0)) return failing(0);
  const errors = Array.from({ length: steps - 1 }, (_, i) => {
    const { test, fit } = known(i + 1);
    const features = withSaccades(fit, d, lastSaccade(j.train()));
    const map = fitRidge(features, toldWidth(d), toFit, d, 1e-2);
    return squaredErrors(applyRidge(map, withSaccades(test, d, lastSaccade(j.test()))), real, d);
  });
  const [first, last] = [errors[0], errors[errors.length - 1]];
  return {
    ...bootstrap.ratio(
      first.map((e, i) => e - last[i]),
      variance,
      0,
    ),
    series: errors.map((e, i) => ({ at: i + 1, ...bootstrap.ratio(e, variance) })),
  };
}

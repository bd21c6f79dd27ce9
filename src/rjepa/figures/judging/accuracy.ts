import type { Quantity } from "../_figure.js";
import { squaredErrors, stepsOf } from "./arrays.js";
import { failing } from "./estimate.js";
import type { Judged } from "./judged.js";

/** Squared errors of the prediction of the last target, [N], held against the real one and each stranger's. */
function lastErrors(j: Judged, prediction: Float64Array, strangers: readonly Float64Array[]) {
  const { size: d, steps } = j;
  const predicted = stepsOf(prediction, steps - 1, d, steps - 2, steps - 1);
  const real = squaredErrors(predicted, stepsOf(j.test().target, steps, d, steps - 1, steps), d);
  return { real, strange: strangers.map((s) => squaredErrors(predicted, s, d)) };
}

/** Share of sequences where a stranger is worse, mean over strangers; a tie is none. */
export function accuracy(j: Judged, prediction: Float64Array, strangers: readonly Float64Array[]): Quantity {
  if (j.collapsed()) return failing(0);
  const { real, strange } = lastErrors(j, prediction, strangers);
  const worse = real.map((e, i) => strange.filter((s) => s[i] > e).length / strange.length);
  return j.data.bootstrap.mean(worse);
}

/** Error with a stranger, mean over strangers, over the real one. */
export function swap(j: Judged, prediction: Float64Array, strangers: readonly Float64Array[]): Quantity {
  if (j.collapsed()) return failing(0);
  const { real, strange } = lastErrors(j, prediction, strangers);
  const mean = Float64Array.from(real, (_, i) => strange.reduce((sum, s) => sum + s[i], 0) / strange.length);
  return j.data.bootstrap.ratio(mean, real, 0);
}

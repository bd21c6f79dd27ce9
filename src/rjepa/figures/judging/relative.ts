import type { Found } from "../_figure.js";
import { columnOf, rowMeans, squaredErrors, stepsOf } from "./arrays.js";
import type { Judged } from "./judged.js";

/** Squared errors, mean over units, of predictions [N, T − 1, d] of targets 2 to T; [N, T − 1]. */
const errorsOf = (j: Judged, prediction: Float64Array): Float64Array =>
  squaredErrors(prediction, stepsOf(j.test().target, j.steps, j.size, 1, j.steps), j.size);

/** The target one step before, as a prediction, [N, T − 1, d]. */
export const copied = (j: Judged): Float64Array => stepsOf(j.test().target, j.steps, j.size, 0, j.steps - 1);

/** Errors [N, T − 1] over the variance of each target, and the same step by step. */
function overVariance(j: Judged, errors: Float64Array, worst: number): Found {
  const { bootstrap } = j.data;
  const width = j.steps - 1;
  const deviations = stepsOf(j.deviations(), j.steps, 1, 1, j.steps);
  return {
    ...bootstrap.ratio(rowMeans(errors, width), rowMeans(deviations, width), worst),
    series: Array.from({ length: width }, (_, t) => ({
      at: t + 2,
      ...bootstrap.ratio(columnOf(errors, width, t), columnOf(deviations, width, t), worst),
    })),
  };
}

/** Errors of predictions [N, T − 1, d] of targets 2 to T over the variance of each, and the same step by step. */
export const relative = (j: Judged, prediction: Float64Array): Found =>
  overVariance(j, errorsOf(j, prediction), Infinity);

/** How far these errors are below those of predictions [N, T − 1, d] that are held against. */
export function below(j: Judged, prediction: Float64Array, against: Float64Array): Found {
  const own = errorsOf(j, prediction);
  return overVariance(
    j,
    errorsOf(j, against).map((e, at) => e - own[at]),
    0,
  );
}

import type { FigureValue } from "../_figure.js";
import { columnOf, rowMeans, squaredErrors, stepsOf } from "./arrays.js";
import type { Judged } from "./judged.js";

/** Errors of predictions [N, T − 1, d] of targets 2 to T over the variance of each, and the same step by step. */
export function relative(j: Judged, prediction: Float64Array): FigureValue {
  const { size: d, steps } = j;
  const { bootstrap } = j.data;
  const width = steps - 1;
  const errors = squaredErrors(prediction, stepsOf(j.test().target, steps, d, 1, steps), d);
  const deviations = stepsOf(j.deviations(), steps, 1, 1, steps);
  return {
    ...bootstrap.ratio(rowMeans(errors, width), rowMeans(deviations, width)),
    series: Array.from({ length: width }, (_, t) => ({
      at: t + 2,
      ...bootstrap.ratio(columnOf(errors, width, t), columnOf(deviations, width, t)),
    })),
  };
}

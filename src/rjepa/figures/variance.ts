import type { Figure } from "./_figure.js";
import { columnOf, rowMeans, stepsOf } from "./judging/arrays.js";

export const figure: Figure = {
  name: "variance",
  meaning: "Variance of the target across sequences, mean over units and the steps that are predicted.",
  better: "higher",
  unit: "of h squared",
  chance: 0,
  compute: ({ data, steps, deviations }) => {
    const predicted = rowMeans(stepsOf(deviations(), steps, 1, 1, steps), steps - 1);
    return {
      ...data.bootstrap.mean(predicted),
      series: Array.from({ length: steps }, (_, t) => ({
        at: t + 1,
        ...data.bootstrap.mean(columnOf(deviations(), steps, t)),
      })),
    };
  },
};

import type { Figure } from "./_figure.js";
import { relative } from "./judging/relative.js";

export const figure: Figure = {
  name: "ratio",
  meaning: "Error of the representation's own prediction over the variance of its target at each step.",
  better: "lower",
  unit: "of the variance",
  // the mean of the target
  chance: 1,
  compute: (judged) => {
    const predicted = judged.own();
    return predicted === null ? null : relative(judged, predicted);
  },
};

import type { Figure } from "./_figure.js";
import { copied, relative } from "./judging/relative.js";

export const figure: Figure = {
  name: "copy",
  meaning:
    "Error of predicting the previous target again, over the variance at each step: what a ratio has to beat.",
  better: null,
  unit: "of the variance",
  // of targets that are independent from step to step
  chance: 2,
  compute: (judged) => relative(judged, copied(judged)),
};

import type { Figure } from "./_figure.js";
import { below, copied } from "./judging/relative.js";

export const figure: Figure = {
  name: "overCopy",
  meaning:
    "How far the error of the representation's own prediction (or of a ridge regression with the saccade) is below that of predicting the previous target again, over the variance at each step.",
  better: "higher",
  unit: "of the variance",
  chance: 0,
  compute: (judged) => below(judged, judged.own() ?? judged.told(), copied(judged)),
};

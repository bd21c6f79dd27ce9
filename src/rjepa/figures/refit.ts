import type { Figure } from "./_figure.js";
import { relative } from "./judging/relative.js";

export const figure: Figure = {
  name: "refit",
  meaning: "Error of a ridge regression of the next target on h alone, over the variance at each step.",
  better: "lower",
  unit: "of the variance",
  chance: 1,
  compute: (judged) => relative(judged, judged.refit()),
};

import type { Figure } from "./_figure.js";
import { memory } from "./judging/memory.js";

export const figure: Figure = {
  name: "memoryCurve",
  meaning:
    "Fall of the error for the last patch alone, over its variance, from having seen one fixation before it to having seen all.",
  better: "higher",
  unit: "of the variance",
  chance: 0,
  compute: (judged) => memory(judged, judged.restarted),
};

import type { Figure } from "./_figure.js";
import { swap } from "./judging/accuracy.js";

export const figure: Figure = {
  name: "matchedSwap",
  meaning:
    "Error of a ridge regression with the saccade when the last patch is one of another image that is nearest in mean color, contrast and position, over its error with the real one.",
  better: "higher",
  unit: "times the error",
  chance: 1,
  compute: (judged) => swap(judged, judged.told(), judged.strangers().matched),
};

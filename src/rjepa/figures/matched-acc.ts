import type { Figure } from "./_figure.js";
import { accuracy } from "./judging/accuracy.js";

export const figure: Figure = {
  name: "matchedAcc",
  meaning:
    "Share of sequences whose last patch is predicted, by a ridge regression with the saccade, better than patches of other images nearest in mean color, contrast and position.",
  better: "higher",
  unit: "share of sequences",
  chance: 0.5,
  compute: (judged) => accuracy(judged, judged.told(), judged.strangers().matched),
};

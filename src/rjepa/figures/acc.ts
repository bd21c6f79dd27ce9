import type { Figure } from "./_figure.js";
import { accuracy } from "./judging/accuracy.js";

export const figure: Figure = {
  name: "acc",
  meaning:
    "Share of sequences whose last patch is predicted better than one of another image at random; mean color passes.",
  better: "higher",
  unit: "share of sequences",
  chance: 0.5,
  compute: (judged) => accuracy(judged, judged.own() ?? judged.told(), [judged.strangers().random]),
};

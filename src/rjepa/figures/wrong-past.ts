import type { Figure } from "./_figure.js";
import { memory } from "./judging/memory.js";

export const figure: Figure = {
  name: "wrongPast",
  meaning:
    "Fall of the error for the last patch alone, over its variance, as older fixations of another image are replaced by the true ones.",
  better: "higher",
  unit: "of the variance",
  chance: 0,
  compute: (judged) =>
    memory(judged, (k) => (k === judged.steps - 1 ? judged.restarted(k) : judged.misled(k))),
};

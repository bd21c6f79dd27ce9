import type { Figure } from "./_figure.js";
import { memory } from "./judging/memory.js";

export const figure: Figure = {
  name: "wrongPast",
  meaning:
    "Fall of the error for the last patch alone, over its variance, as older fixations of another image are replaced by the true ones: how much the past is kept, of use or not.",
  // whatever keeps the past is misled by a wrong one, also where the true one is of no use to it
  better: null,
  unit: "of the variance",
  chance: 0,
  compute: (judged) =>
    memory(judged, (k) => (k === judged.steps - 1 ? judged.restarted(k) : judged.misled(k))),
};

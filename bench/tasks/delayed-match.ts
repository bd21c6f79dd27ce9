import { foldIn, integers, uniform } from "../../src/core/prng.js";
import { zeros } from "../../src/index.js";
import { classes, oneHot } from "./answers.js";
import type { Task, TaskStep } from "./task.js";

const [stimuli, shown, steps] = [3, 3, 18];

/** A stimulus, a delay, a probe: was it the same? Half of the probes match. */
export const task: Task = {
  name: "delayedMatch",
  source: "delayed match to sample (Blough 1959); for recurrent networks Yang et al. 2019",
  input: stimuli,
  output: 2,
  steps,
  ...classes(2),
  sample(key, batch) {
    const sample = integers(foldIn(key, "sample"), batch, 0, stimuli);
    const other = integers(foldIn(key, "other"), batch, 1, stimuli);
    const matches = Int32Array.from(uniform(foldIn(key, "match"), batch), (u) => (u < 0.5 ? 1 : 0));
    const probe = sample.map((s, b) => (matches[b] ? s : (s + other[b]) % stimuli));
    const silence = new Int32Array(batch).fill(-1);
    return Array.from({ length: steps }, (_, t): TaskStep => {
      const heard = t < shown ? sample : t >= steps - shown ? probe : silence;
      const asked = t === steps - 1;
      return {
        input: oneHot(heard, stimuli),
        target: asked ? oneHot(matches, 2) : zeros([batch, 2]),
        weight: asked ? 1 : 0,
      };
    });
  },
};

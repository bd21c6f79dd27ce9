import { foldIn, integers } from "../../src/core/prng.js";
import { zeros } from "../../src/index.js";
import { classes, oneHot } from "./answers.js";
import type { Task, TaskStep } from "./task.js";

const [symbols, length, steps] = [4, 3, 50];

/** Symbols, then silence; at the signal they are to be said again, in order. */
export const task: Task = {
  name: "copy",
  source: "Hochreiter & Schmidhuber 1997; in this form Arjovsky, Shah & Bengio 2016",
  /** A channel for each symbol, and the signal. */
  input: symbols + 1,
  output: symbols,
  steps,
  ...classes(symbols),
  sample(key, batch) {
    const shown = Array.from({ length }, (_, i) => integers(foldIn(key, i), batch, 0, symbols));
    const signal = new Int32Array(batch).fill(symbols);
    const silence = new Int32Array(batch).fill(-1);
    const recall = steps - length;
    return Array.from({ length: steps }, (_, t): TaskStep => {
      const heard = t < length ? shown[t] : t === recall - 1 ? signal : silence;
      const asked = t >= recall;
      return {
        input: oneHot(heard, symbols + 1),
        target: asked ? oneHot(shown[t - recall], symbols) : zeros([batch, symbols]),
        weight: asked ? 1 / length : 0,
      };
    });
  },
};

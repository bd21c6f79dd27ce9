import { foldIn, integers, uniform } from "../../src/core/prng.js";
import { tensor, zeros } from "../../src/index.js";
import { meanSquaredError } from "../../src/nn/index.js";
import { squaredErrorOf } from "./answers.js";
import type { Task, TaskStep } from "./task.js";

const steps = 100;

/** Variance of the sum of two uniform numbers: the error of always answering 1. */
const variance = 1 / 6;

/** A stream of numbers, two of them marked, one in each half; at the end their sum is asked. */
export const task: Task = {
  name: "adding",
  source: "Hochreiter & Schmidhuber 1997; in this form Le, Jaitly & Hinton 2015",
  /** The number in [0, 1), and the mark. */
  input: 2,
  output: 1,
  steps,
  loss: meanSquaredError,
  score: {
    name: "MSE",
    better: "lower",
    chance: variance,
    perfect: 0,
    worst: 10 * variance,
    of: squaredErrorOf,
  },
  sample(key, batch) {
    const numbers = uniform(foldIn(key, "numbers"), batch * steps);
    const half = steps / 2;
    const first = integers(foldIn(key, "first"), batch, 0, half);
    const second = integers(foldIn(key, "second"), batch, half, steps);
    const sums = Float64Array.from(
      first,
      (at, b) => numbers[b * steps + at] + numbers[b * steps + second[b]],
    );
    return Array.from({ length: steps }, (_, t): TaskStep => {
      const heard = new Float64Array(2 * batch);
      for (let b = 0; b < batch; b++) {
        heard[2 * b] = numbers[b * steps + t];
        heard[2 * b + 1] = t === first[b] || t === second[b] ? 1 : 0;
      }
      const asked = t === steps - 1;
      return {
        input: tensor(heard, { shape: [batch, 2] }),
        target: asked ? tensor(sums, { shape: [batch, 1] }) : zeros([batch, 1]),
        weight: asked ? 1 : 0,
      };
    });
  },
};

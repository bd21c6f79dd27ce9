import { foldIn, uniform } from "../../src/core/prng.js";
import { tensor } from "../../src/index.js";
import { meanSquaredError } from "../../src/nn/index.js";
import { squaredErrorOf } from "./answers.js";
import type { Task, TaskStep } from "./task.js";

/** dx/dt = β x(t − τ) / (1 + x(t − τ)^10) − γ x, in the chaotic regime. */
const [beta, gamma, tau] = [0.2, 0.1, 17];
const slope = (x: number, delayed: number): number => (beta * delayed) / (1 + delayed ** 10) - gamma * x;

/**
 * `count` values from time 0 on, `1/perUnit` apart, after a constant history: Runge and Kutta's method of fourth order;
 * between two known values of the past the cubic of Hermite, which is of fourth order too.
 */
export function mackeyGlass(history: number, count: number, perUnit = 10): Float64Array {
  const [h, lag] = [1 / perUnit, tau * perUnit];
  const [x, slopes] = [new Float64Array(count), new Float64Array(count)];
  const at = (i: number): number => (i < 0 ? history : x[i]);
  const slopeAt = (i: number): number => (i < 0 ? 0 : slopes[i]);
  x[0] = history;
  for (let i = 0; i < count; i++) {
    const [a, b] = [at(i - lag), at(i + 1 - lag)];
    slopes[i] = slope(x[i], a);
    if (i + 1 === count) break;
    // the history ends with a kink: the value at time 0 has the slope of what comes before it there
    const after = i + 1 - lag === 0 ? 0 : slopeAt(i + 1 - lag);
    const middle = (a + b) / 2 + (h / 8) * (slopeAt(i - lag) - after);
    const k2 = slope(x[i] + (h / 2) * slopes[i], middle);
    const k3 = slope(x[i] + (h / 2) * k2, middle);
    const k4 = slope(x[i] + h * k3, b);
    x[i + 1] = x[i] + (h / 6) * (slopes[i] + 2 * k2 + 2 * k3 + k4);
  }
  return x;
}

/** Sampled every 2 units of time, predicted 6 samples (12 units) ahead. */
const [steps, every, ahead, perUnit] = [50, 2, 6, 5];
/** Units of time until the history is forgotten, and units among which the phase is drawn. */
const [transient, phases] = [100, 100];
/** Steps that are heard before predictions count: the delay of 17 units and a little more. */
const heardFirst = 10;
/** Mean and standard deviation of the series, over 200,000 units of time. */
export const [center, spread] = [0.93, 0.226];

/** A chaotic series, each sequence from a start and at a phase of its own; asked is where it goes. */
export const task: Task = {
  name: "mackeyGlass",
  source: "Mackey & Glass 1977, τ = 17; as a task Lapedes & Farber 1987",
  input: 1,
  output: 1,
  steps,
  loss: meanSquaredError,
  score: {
    name: "NRMSE",
    better: "lower",
    chance: 1,
    perfect: 0,
    worst: 10,
    of: (predictions, sequence) => Math.sqrt(squaredErrorOf(predictions, sequence)),
  },
  sample(key, batch) {
    const starts = uniform(foldIn(key, "history"), batch);
    const offsets = uniform(foldIn(key, "phase"), batch);
    const series = Array.from({ length: batch }, (_, b) => {
      const from = Math.floor((transient + phases * offsets[b]) * perUnit);
      const step = every * perUnit;
      const x = mackeyGlass(0.6 + 0.6 * starts[b], from + (steps + ahead) * step, perUnit);
      return Float64Array.from({ length: steps + ahead }, (_, t) => (x[from + t * step] - center) / spread);
    });
    const column = (t: number) =>
      tensor(
        Float64Array.from(series, (x) => x[t]),
        { shape: [batch, 1] },
      );
    return Array.from(
      { length: steps },
      (_, t): TaskStep => ({
        input: column(t),
        target: column(t + ahead),
        weight: t < heardFirst ? 0 : 1 / (steps - heardFirst),
      }),
    );
  },
};

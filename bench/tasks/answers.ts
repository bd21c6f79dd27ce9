import { argmax, mean, square, sub, type Tensor, tensor } from "../../src/index.js";
import { crossEntropy } from "../../src/nn/index.js";
import { entries } from "../../src/tensor/read.js";
import type { Score, TaskStep } from "./task.js";

/** One-hot classes: [B, classes]; a class of −1 is all zeros. */
export function oneHot(classes: ArrayLike<number>, size: number): Tensor {
  const out = new Float64Array(classes.length * size);
  for (let b = 0; b < classes.length; b++) if (classes[b] >= 0) out[b * size + classes[b]] = 1;
  return tensor(out, { shape: [classes.length, size] });
}

/** Answers that are one of several equally likely classes: cross-entropy, and the share of answers that are right. */
export function classes(count: number): { loss: (p: Tensor, t: Tensor) => Tensor; score: Score } {
  const of = (predictions: readonly Tensor[], sequence: readonly TaskStep[]): number => {
    let [right, asked] = [0, 0];
    sequence.forEach(({ target, weight }, t) => {
      if (weight === 0) return;
      const [said, true_] = [entries(argmax(predictions[t])), entries(argmax(target))];
      for (let b = 0; b < said.length; b++) if (said[b] === true_[b]) right++;
      asked += said.length;
    });
    return right / asked;
  };
  return {
    loss: crossEntropy,
    score: { name: "accuracy", better: "higher", chance: 1 / count, perfect: 1, worst: 0, of },
  };
}

/** Mean squared error of predictions [B, output], the mean over steps by their weight. */
export function squaredErrorOf(predictions: readonly Tensor[], sequence: readonly TaskStep[]): number {
  let total = 0;
  sequence.forEach(({ target, weight }, t) => {
    if (weight > 0) total += weight * entries(mean(square(sub(predictions[t], target))))[0];
  });
  return total;
}

import { pairLeaves } from "../../../src/core/pair-leaves.js";
import { foldIn, type Key, key as keyOf } from "../../../src/core/prng.js";
import { relativeError } from "../../../src/core/relative-error.js";
import { leavesOf, mapTree } from "../../../src/core/tree.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { ruleNamed } from "../../../src/learn/named.js";
import { ones } from "../../../src/ops/create.js";
import { add, mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import type { Fixated, Jepa } from "../../../src/rjepa/parts/compose.js";
import { encoderOf } from "../../../src/rjepa/parts/slow.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { noise } from "./small.js";

export const sizeOfTree = (tree: unknown): number =>
  leavesOf<Tensor>(tree, isTensor).reduce((n, { value }) => n + value.size, 0);

/** Fixations of a batch of streams, of noise. */
export function samplesOf(
  model: Jepa,
  key: Key,
  batch: number,
  steps: number,
  dtype: "float32" | "float64" = "float64",
): Fixated[] {
  const { preset, predicting } = model;
  // no batch of one has a mean
  const isRunning = batch === 1 || preset.head === "running";
  const heads = predicting.map(({ outputs, area }) => {
    const by = {
      scale: mul(ones([outputs], { dtype }), 1.5),
      mean: isRunning ? mul(normal(foldIn(key, area), [outputs], { dtype }), 0.1) : null,
    };
    return { recurrent: by, fresh: by };
  });
  const slow = typeof preset.target === "object" && {
    slow: encoderOf(model.init(keyOf(99), { dtype }), predicting),
  };
  return noise(preset, key, batch, steps, dtype).map((sample) => ({ ...sample, heads, ...slow }));
}

/** Losses of each fixation, with parameters as they start. */
export function lossesOf(model: Jepa, samples: readonly Fixated[], params = model.init(keyOf(3))): number[] {
  const learner = ruleNamed("bptt").start(model.model, params);
  return samples.map((sample) => learner.step(sample).loss);
}

/** The largest relative error of a block of a gradient, beside that of BPTT. */
export function worst(model: Jepa, samples: readonly Fixated[], rule: string, options: object): number {
  // off the start: there the derivatives of b_G are sums that cancel, since targets have a mean of zero
  const params = mapTree(model.init(keyOf(3)), isTensor, (t: Tensor, path) =>
    add(t, mul(normal(foldIn(keyOf(4), path), t.shape), 0.1)),
  ) as ModelParams;
  const [own, reference] = [
    [rule, options],
    ["bptt", {}],
  ].map(([name, o]) => {
    const learner = ruleNamed(name as string).start(model.model, params, o as object);
    for (const sample of samples) learner.step(sample);
    return learner.gradient();
  });
  const words = { who: "test", reference: "bptt", other: rule };
  return Math.max(
    ...pairLeaves<Tensor>(words, reference, own, isTensor).map(({ value, other }) =>
      relativeError(entries(other), entries(value)),
    ),
  );
}

import fc from "fast-check";
import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { pairLeaves } from "../../../src/core/pair-leaves.js";
import { foldIn, type Key, key as keyOf } from "../../../src/core/prng.js";
import { relativeError } from "../../../src/core/relative-error.js";
import { leavesOf, mapTree } from "../../../src/core/tree.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { ruleNamed } from "../../../src/learn/named.js";
import { plan } from "../../../src/learn/plan/plan.js";
import { ones, zeros } from "../../../src/ops/create.js";
import { add, mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import { type Fixated, type Jepa, jepa } from "../../../src/rjepa/parts/compose.js";
import { type Preset, presets } from "../../../src/rjepa/parts/preset.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { noise, small } from "./small.js";

const sizeOfTree = (tree: unknown): number =>
  leavesOf<Tensor>(tree, isTensor).reduce((n, { value }) => n + value.size, 0);

/** Fixations of a batch of streams, of noise. */
function samplesOf(model: Jepa, key: Key, batch: number, steps: number): Fixated[] {
  const heads = model.predicting.map(({ outputs }) => {
    const by = { scale: mul(ones([outputs]), 1.5), mean: batch === 1 ? zeros([outputs]) : null };
    return { recurrent: by, fresh: by };
  });
  return noise(model.preset, key, batch, steps).map((seen) => ({ ...seen, heads }));
}

function worst(model: Jepa, samples: readonly Fixated[], rule: string, options: object): number {
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

describe("R-JEPA of parts", () => {
  it("has the parameters of the design", () => {
    const count = (preset: Preset) => sizeOfTree(jepa({ preset, steps: 8 }).init(keyOf(1)));
    expect(count(presets.content)).toBe(49992);
    expect(count(presets.memory)).toBe(26256);
    expect(count({ ...presets.tiny, saccade: false })).toBe(225248);
    expect(count({ ...presets.tiny, saccade: false, objective: "top" })).toBe(101184);
  });

  it("learns forward in time what BPTT learns, with every objective and target", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("areas", "top") as fc.Arbitrary<Preset["objective"]>,
        fc.constantFrom("fresh", "recurrent", "gradient") as fc.Arbitrary<Preset["target"]>,
        fc.boolean(),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom({}, { window: 3 }, { compile: true }),
        fc.nat(),
        (objective, target, saccade, batch, steps, options, seed) => {
          const model = jepa({ preset: small({ objective, target, saccade }), steps });
          const samples = samplesOf(model, keyOf(seed), batch, steps);
          // sums of up to 5 steps in float64; what is compared is relative to the largest entry of a block
          expect(worst(model, samples, "rfp", options)).toBeLessThan(1e-10);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("is exact at the price of own blocks where every area learns for itself", () => {
    const model = jepa({ preset: presets.content, steps: 3 });
    const samples = samplesOf(model, keyOf(5), 2, 3);
    expect(worst(model, samples, "rfp", { credit: "local" })).toBeLessThan(1e-10);
    const bytes = (preset: Preset) => {
      const m = jepa({ preset, steps: 3 });
      const [sample] = samplesOf(m, keyOf(5), 1, 1);
      return plan(m.model, { steps: 8, sample, params: m.init(keyOf(1)) }).bytes.rfpExact;
    };
    expect(bytes(presets.content)).toBeLessThan(3.5 * 2 ** 20);
    expect(bytes(presets.memory)).toBeGreaterThan(15 * 2 ** 20);
  });
});

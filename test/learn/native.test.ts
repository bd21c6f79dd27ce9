import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { leavesOf } from "../../src/core/tree.js";
import { backendNames, cast, useBackend } from "../../src/index.js";
import { rfp, ruleNamed, stack, tbptt } from "../../src/learn/index.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import { arbitraryStack, checkLearner, randomParams, randomSequence } from "../../src/testing/index.js";

const isBuilt = backendNames().includes("native");
const title = "learning on the native backend";
describe.skipIf(!isBuilt)(isBuilt ? title : `${title} (skipped: the addon is not built)`, () => {
  beforeAll(() => useBackend("native"));
  afterAll(() => useBackend("js"));

  it.each(["rfp", "rtrl"])("is exact under %s, replayed", (name) => {
    const cases = arbitraryStack({ units: [1, 5], inputs: [1, 5], steps: [4, 9] });
    const holds = fc.property(cases, ({ model, params, samples }) => {
      checkLearner(ruleNamed(name), model, { params, samples });
    });
    fc.assert(holds, { numRuns: 20 });
  });

  it("is exact across blocks of steps, replayed", () => {
    const cases = arbitraryStack({ units: [1, 5], inputs: [1, 5], steps: [15, 40] });
    const holds = fc.property(cases, fc.integer({ min: 4, max: 6 }), ({ model, params, samples }, window) => {
      checkLearner(ruleNamed(`rfp(${window})`), model, { params, samples });
    });
    fc.assert(holds, { numRuns: 20 });
  });

  it("transposes windows that it replays as the reference does, with products taken together", () => {
    const cases = arbitraryStack({ areas: [1, 2], units: [1, 5], inputs: [1, 5], steps: [5, 8] });
    const holds = fc.property(cases, ({ model, params, samples }) => {
      const [native, js] = ["native", "js"].map((name) => {
        useBackend(name);
        const learner = tbptt(model, params, { window: 6, compile: name === "native" });
        for (let t = 0; t < 60; t++) learner.step(samples[t % samples.length]);
        return leavesOf<Tensor>(learner.gradient(), isTensor).map(({ value }) => [...value.toTypedArray()]);
      });
      useBackend("native");
      // the same sums of products in another order
      native.forEach((block, k) => {
        const size = Math.max(...js.flat().map(Math.abs), 1e-3);
        block.forEach((v, i) => expect(Math.abs(v - js[k][i])).toBeLessThan(1e-10 * size));
      });
    });
    fc.assert(holds, { numRuns: 20 });
  });

  it("gives the numbers of the reference, to rounding, over hundreds of replays and new parameters", () => {
    const model = stack([cells.elstm({ input: 20, units: 32 }), cells.lru({ input: 32, units: 8 })]);
    const samples = randomSequence(1, { input: [20], target: [8], steps: 7, batch: 2 });
    const run = (backend: string): number[] => {
      useBackend(backend);
      const learner = rfp(model, randomParams(model, 1));
      const losses: number[] = [];
      for (let t = 0; t < 300; t++) {
        losses.push(learner.step(samples[t % samples.length]).loss);
        if (t % 50 === 49) learner.setParams(randomParams(model, t));
      }
      return [...losses, ...learner.gradient().areas[0].Wf.toTypedArray()];
    };
    const [native, js] = [run("native"), run("js")];
    useBackend("native");
    // both round the same sums in different orders; what is kept is kept by gates below one
    native.forEach((v, i) => {
      expect(Math.abs(v - js[i])).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(js[i])));
    });
  });

  it("learns in float32", () => {
    const model = stack([cells.mingru({ input: 40, units: 48 })]);
    const samples = randomSequence(1, { input: [40], target: [48], steps: 5, batch: 1 });
    const run = (dtype: "float32" | "float64"): ArrayLike<number> => {
      const learner = rfp(model, model.init([1, 2], { dtype }));
      for (let t = 0; t < 40; t++) {
        const { input, target } = samples[t % samples.length];
        learner.step({ input: cast(input, dtype), target: cast(target, dtype) });
      }
      return learner.gradient().areas[0].Wz.toTypedArray();
    };
    const [narrow, wide] = [run("float32"), run("float64")];
    const size = Math.max(...Array.from(wide, Math.abs));
    // forty steps of sums of forty products, each rounded to 2^-24
    for (let i = 0; i < wide.length; i++) expect(Math.abs(narrow[i] - wide[i])).toBeLessThan(1e-4 * size);
  });
});

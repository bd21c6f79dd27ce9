import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import "../../src/index.js";
import { rfp, type Supervised, stack } from "../../src/learn/index.js";
import {
  arbitraryStack,
  checkLearner,
  compareLearner,
  GradientError,
  objectives,
  randomParams,
  randomSequence,
} from "../../src/testing/index.js";

const local = { credit: "local" } as const;
const deep = stack<Supervised>([
  cells.indrnn({ input: 3, units: 4 }),
  cells.leaky({ input: 4, units: 4 }),
  cells.mingru({ input: 4, units: 3 }),
]);

/** The control: were these equal, the other tests of exactness would show nothing. */
describe("local credit", () => {
  it("differs on a deep stack, and says where and how much", () => {
    const { worst, blocks } = compareLearner("rfp", deep, { ...local, steps: 8 });
    expect(worst.error).toBeGreaterThan(1e-3);
    expect(worst.path).toMatch(/^areas\.[01]\./);
    expect(worst.normRatio).not.toBeCloseTo(1, 3);
    for (const { path, error } of blocks) {
      if (path.startsWith("areas.2.")) expect(error, path).toBeLessThan(1e-12);
      else expect(error, path).toBeGreaterThan(1e-3);
    }
    expect(() => checkLearner("rfp", deep, { ...local, steps: 8 })).toThrow(GradientError);
    expect(() => checkLearner("rfp", deep, { ...local, steps: 8 })).toThrow(
      /^checkLearner: rfp must equal bptt to 1e-10, got a relative error of \S+ at areas\.[01]\.\w+ \(cosine /,
    );
  });

  it("is exact on one step, where there is no past to lose", () => {
    checkLearner("rfp", deep, { ...local, steps: 1 });
  });

  it("differs on two areas when the loss reads the step before", () => {
    const model = stack<Supervised>(
      [cells.mingru({ input: 2, units: 3 }), cells.leaky({ input: 3, units: 2 })],
      {
        loss: objectives.slow,
      },
    );
    expect(compareLearner("rfp", model, local).worst.error).toBeGreaterThan(1e-3);
  });

  it("is exact on single areas of every kind", () => {
    const single = arbitraryStack({ areas: [1, 1], units: [1, 3], inputs: [1, 3] });
    const holds = fc.property(single, ({ model, params, samples }) => {
      checkLearner("rfp", model, { ...local, params, samples });
    });
    fc.assert(holds, { numRuns: 60 });
  });

  it("is exact on detached stacks", () => {
    const detached = arbitraryStack({ detached: true, units: [1, 3], inputs: [1, 3] });
    const holds = fc.property(detached, ({ model, params, samples }) => {
      checkLearner("rfp", model, { ...local, params, samples });
    });
    fc.assert(holds, { numRuns: 20 });
  });

  it("keeps own blocks only", () => {
    const sizes = { units: 4, input: 4 };
    const wide = stack<Supervised>([cells.indrnn(sizes), cells.leaky(sizes), cells.mingru(sizes)]);
    const [sample] = randomSequence(1, { input: [4], target: [4], steps: 1, batch: 1 });
    const bytes = (credit: "exact" | "local"): number => {
      const learner = rfp(wide, randomParams(wide, 1), { credit });
      learner.step(sample);
      return learner.memory().bytes;
    };
    expect(bytes("local")).toBe(8 * (24 + 24 + 40));
    expect(bytes("exact")).toBeGreaterThan(3 * bytes("local"));
  });
});

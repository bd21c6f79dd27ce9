import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import { leavesOf } from "../../src/core/tree.js";
import "../../src/index.js";
import { rfp, ruleNamed, type Supervised, stack } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import {
  arbitraryStack,
  checkLearner,
  compareLearner,
  randomParams,
  randomSequence,
  type StackCase,
} from "../../src/testing/index.js";

/** Small enough that a run takes milliseconds; up to 12 steps, so that blocks of 2 to 5 end within, at and after the end. */
const small = { units: [1, 4], inputs: [1, 4], steps: [1, 12] } as const;
const smallSpace = { units: [1, 2], inputs: [1, 3], steps: [1, 7] } as const;

const holds = (numRuns: number, cases: fc.Arbitrary<StackCase>): void => {
  const windows = fc.integer({ min: 2, max: 5 });
  fc.assert(
    fc.property(cases, windows, ({ model, params, samples }, window) => {
      checkLearner(ruleNamed(`rfp(${window})`), model, { params, samples });
    }),
    { numRuns },
  );
};

const vector = Object.values(cells).filter((kind) => !kind.definition.spatial);
const spatial = Object.values(cells).filter((kind) => kind.definition.spatial);

describe("rfp across blocks of steps equals backpropagation through time", () => {
  it.each(Object.values(cells).map((kind) => [kind.definition.name, kind] as const))("on %s", (_, kind) => {
    holds(
      10,
      arbitraryStack({ kinds: [kind], areas: [1, 1], ...(kind.definition.spatial ? smallSpace : small) }),
    );
  });

  it("on stacks of vector cells", () => holds(40, arbitraryStack({ kinds: vector, ...small })));

  it("on stacks of convolutional cells, with strides", () =>
    holds(12, arbitraryStack({ kinds: spatial, areas: [2, 3], ...smallSpace })));

  it("on any stack", () => holds(20, arbitraryStack(smallSpace)));

  it("on detached stacks", () => holds(15, arbitraryStack({ ...smallSpace, detached: true })));
});

import fc from "fast-check";
import { describe, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import { RuleError } from "../../src/core/errors.js";
import "../../src/index.js";
import { rules } from "../../src/learn/registry.js";
import { arbitraryStack, checkLearner, type StackCase } from "../../src/testing/index.js";

const exact = Object.values(rules).filter((rule) => rule.exactness === "exact" && rule.name !== "bptt");

/** Small enough that one run of a rule that stores every state by every parameter takes milliseconds. */
const small = { units: [1, 4], inputs: [1, 4] } as const;
const smallSpace = { units: [1, 2], inputs: [1, 3] } as const;
const sizesOf = (spatial: boolean | undefined) => (spatial ? smallSpace : small);

const holds = (rule: (typeof exact)[number], numRuns: number, cases: fc.Arbitrary<StackCase>): void => {
  fc.assert(
    fc.property(cases, ({ model, params, samples }) => {
      try {
        checkLearner(rule, model, { params, samples, tolerance: rule.tolerance });
      } catch (error) {
        // a rule may say that it does not apply; what it says of each cell has tests of its own
        fc.pre(!(error instanceof RuleError));
        throw error;
      }
    }),
    { numRuns },
  );
};

describe.each(exact)("$name equals backpropagation through time", (rule) => {
  it.each(Object.values(cells).map((kind) => [kind.definition.name, kind] as const))("on %s", (_, kind) => {
    holds(rule, 12, arbitraryStack({ kinds: [kind], areas: [1, 1], ...sizesOf(kind.definition.spatial) }));
  });

  const vector = Object.values(cells).filter((kind) => !kind.definition.spatial);
  const spatial = Object.values(cells).filter((kind) => kind.definition.spatial);

  it("on stacks of vector cells", () => {
    holds(rule, 40, arbitraryStack({ kinds: vector, ...small }));
  });

  it("on stacks of convolutional cells, with strides", () => {
    holds(rule, 15, arbitraryStack({ kinds: spatial, areas: [2, 3], ...smallSpace, steps: [1, 5] }));
  });

  it("on vector cells above convolutional ones", () => {
    const mixed = arbitraryStack({ ...smallSpace, steps: [1, 6] }).filter(({ model }) => {
      const ranks = new Set(
        model.areas.map((area) => area.geometry.input.length + area.geometry.state.length),
      );
      return ranks.size > 1;
    });
    holds(rule, 20, mixed);
  });

  it("on detached stacks, where neither error nor influence crosses areas", () => {
    holds(rule, 20, arbitraryStack({ ...smallSpace, detached: true }));
  });

  it("on every axis of size 1", () => {
    holds(rule, 25, arbitraryStack({ areas: [1, 4], units: [1, 1], inputs: [1, 1] }));
  });
});

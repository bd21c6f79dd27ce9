import fc from "fast-check";
import { describe, expect, it } from "vitest";
import "../../src/index.js";
import { plan, rules, stack } from "../../src/learn/index.js";
import { checkLearner, objectives, randomParams, randomSequence } from "../../src/testing/index.js";
import { arbitraryProgram, randomCell } from "../support/random-cells.js";

const cases = fc.record({
  programs: fc.array(arbitraryProgram, { minLength: 1, maxLength: 2 }),
  units: fc.constantFrom(1, 2, 4),
  input: fc.constantFrom(1, 3),
  seed: fc.nat(),
  steps: fc.integer({ min: 1, max: 6 }),
  batch: fc.integer({ min: 1, max: 2 }),
});
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never;
const modelOf = ({ programs, units, input }: Case) =>
  stack(
    programs.map((program, i) => randomCell(program)({ input: i === 0 ? input : units, units })),
    { loss: objectives.slow },
  );

describe("a cell of random operations", () => {
  it.each([
    ["rfp", 100],
    ["rtrl", 60],
  ])("learns exactly under %s", (rule, numRuns) => {
    const holds = fc.property(cases, (c) => {
      const { steps, batch, seed } = c;
      checkLearner(rule, modelOf(c), { steps, batch, seed });
    });
    // a one-entry softmax of a saturated drive: what should vanish is rounding, and as large as what is left
    const examples: [Case][] = [
      [
        {
          programs: [{ drive: 103, steps: [{ pick: 564, first: 0, second: 0 }] }],
          units: 1,
          input: 3,
          seed: 6,
          steps: 1,
          batch: 1,
        },
      ],
    ];
    fc.assert(holds, { numRuns, examples });
  });

  it("holds the bytes that were planned", () => {
    const holds = fc.property(cases, (c) => {
      const model = modelOf(c);
      const sizes = { input: [c.input], target: [c.units], steps: 1, batch: c.batch };
      const learner = rules.rfp.start(model, randomParams(model, c.seed));
      learner.step(randomSequence(c.seed, sizes)[0]);
      expect(plan(model, { batch: c.batch }).bytes.rfpExact).toBe(learner.memory().bytes);
    });
    fc.assert(holds, { numRuns: 100 });
  });
});

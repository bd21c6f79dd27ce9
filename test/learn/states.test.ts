import fc from "fast-check";
import { describe, it } from "vitest";
import { RuleError } from "../../src/core/errors.js";
import "../../src/index.js";
import { ruleNamed, type Supervised, stack } from "../../src/learn/index.js";
import { checkLearner, objectives } from "../../src/testing/index.js";
import { arbitraryProgram, formNames, mixedCell } from "../support/random-cells.js";

const area = fc.record({
  program: arbitraryProgram,
  names: fc.array(fc.constantFrom(...formNames), { minLength: 1, maxLength: 4 }),
  turn: fc.nat({ max: 3 }),
});
const cases = fc.record({
  areas: fc.array(area, { minLength: 1, maxLength: 2 }),
  units: fc.constantFrom(1, 2, 4),
  input: fc.constantFrom(1, 3),
  seed: fc.nat(),
  steps: fc.integer({ min: 1, max: 9 }),
  batch: fc.integer({ min: 1, max: 3 }),
});
type Case = typeof cases extends fc.Arbitrary<infer C> ? C : never;

const modelOf = ({ areas, units, input }: Case) =>
  stack<Supervised>(
    areas.map(({ program, names, turn }, i) =>
      mixedCell(program, names, turn)({ input: i === 0 ? input : units, units }),
    ),
    { loss: objectives.slow, pure: true },
  );

const runs = [
  ["rfp", { window: 1 }],
  ["rfp", { window: 3 }],
  ["rfp", { window: 8 }],
  ["rtrl", {}],
  ["fptt", {}],
  ["tbptt", { window: 100 }],
] as const;

describe("states of different shapes and dtypes, given back in any order", () => {
  it.each(
    runs.flatMap(([rule, options]) =>
      [false, true].map((compile) => [rule, { ...options, compile }] as const),
    ),
  )("%s %o equals backpropagation through time", (name, options) => {
    const rule = ruleNamed(name);
    const holds = fc.property(cases, (c) => {
      try {
        checkLearner(rule, modelOf(c), { ...c, ...options, tolerance: rule.tolerance });
      } catch (error) {
        fc.pre(!(error instanceof RuleError));
        throw error;
      }
    });
    fc.assert(holds, { numRuns: name === "rfp" ? 100 : 40 });
  });
});

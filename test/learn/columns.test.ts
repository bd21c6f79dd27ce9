import { describe, expect, it } from "vitest";
import { defineCell } from "../../src/cells/index.js";
import { cells } from "../../src/cells/registry.js";
import { add, mul, sigmoid, tanh } from "../../src/index.js";
import { network, plan } from "../../src/learn/index.js";
import { checkLearner } from "../../src/testing/index.js";

/** Takes its input unit by unit, so that what lies below keeps its ties. */
const lowpass = defineCell({
  name: "lowpass",
  equations: "h = σ(a) h + tanh(b x)",
  locality: "unit",
  states: ["h"],
  shapes: ({ units }) => ({ a: [units], b: [units] }),
  next: ({ a, b }, { h }, x) => ({ h: add(mul(sigmoid(a), h), tanh(mul(b, x))) }),
  output: (_, { h }) => h,
});
const [n, m] = [4, 3];
const above = lowpass({ input: n, units: n });
const again = lowpass({ input: n, units: n });

describe("parameters that lie side by side", () => {
  it("keep the ties that areas above leave them", () => {
    const { rows } = plan(network([cells.mingru({ input: m, units: n }), above]));
    const foreign = rows.filter(({ area, parameter }) => area === 2 && parameter.startsWith("areas.0."));
    expect(foreign.map(({ tied }) => tied.length)).toEqual([1, 1, 1, 1]);
  });

  it.each([
    ["tied in the area above", [cells.mingru({ input: m, units: n }), above]],
    ["tied in both areas above", [cells.mingru({ input: m, units: n }), above, again]],
    ["tied, then not", [cells.mingru({ input: m, units: n }), above, cells.mingru({ input: n, units: 2 })]],
    ["of several states, tied", [cells.rgc({ input: m, units: n }), above]],
    ["not tied even in their own area", [cells.lstm({ input: m, units: n }), above]],
    ["read past an area, by its output", [cells.elstm({ input: m, units: n }), above, again]],
  ])("learn exactly where they are %s", (_, areas) => {
    for (const rule of ["rfp", "rtrl"])
      for (const batch of [1, 2]) checkLearner(rule, network(areas), { steps: 7, batch });
  });
});

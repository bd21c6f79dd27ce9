import { describe, expect, it } from "vitest";
import { cells, defineCell, drive } from "../../src/cells/index.js";
import { add, customJvp, mul, random, tanh } from "../../src/index.js";
import { checkBothWays } from "../../src/testing/cell-derivatives.js";
import { checkCell } from "../../src/testing/index.js";

/** A derivative that values contradict, at a height that `height` tells each time it is asked. */
const kindOf = (surrogate: boolean, height: () => number) => {
  const bump = customJvp(
    (v) => tanh(v),
    (_, [t]) => mul(t, height()),
  );
  return defineCell({
    name: "bumped",
    equations: "h' = tanh(W x + u⊙h), with a derivative of its own",
    surrogate,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input], u: [n] }),
    next: (p, { h }, x) => ({ h: bump(add(drive(x, p.W), mul(p.u, h))) }),
    output: (_, { h }) => h,
  });
};

describe("a cell that declares its derivative a surrogate", () => {
  it("passes checkCell, and without the word it does not", () => {
    expect(
      checkCell(
        kindOf(true, () => 0.3),
        { runs: 5, seed: 1, rules: ["rfp"] },
      ).derivatives?.compared,
    ).toBeGreaterThan(9);
    expect(() =>
      checkCell(
        kindOf(false, () => 0.3),
        { runs: 5, seed: 1, rules: ["rfp"] },
      ),
    ).toThrow(/by central differences/);
  });

  it("is held forward against reverse: a rule that changes from one to the other is found", () => {
    let asked = 0;
    const cell = kindOf(true, () => 0.3 + 0.1 * asked++)({ input: 2, units: 3 });
    const args = {
      params: { ...cell.init(random.key(1)), u: random.normal(random.key(2), [3]) },
      state: { h: random.normal(random.key(3), [2, 3]) },
      input: random.normal(random.key(4), [2, 2]),
    };
    expect(() => checkBothWays("mine", cell, args, 1)).toThrow(
      /^mine: the derivative of next and output at params\.W must be the same in both modes, got \S+ forward and \S+ in reverse$/,
    );
  });

  it("is alif among the cells of the library", () => {
    expect(
      Object.values(cells)
        .filter((kind) => kind.definition.surrogate)
        .map((kind) => kind.name),
    ).toEqual(["alif"]);
  });
});

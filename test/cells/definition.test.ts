import { describe, expect, it } from "vitest";
import { type Cell, defineCell } from "../../src/cells/index.js";
import { ones, random, type Tensor } from "../../src/index.js";
import { bptt, rfp, type Supervised, stack } from "../../src/learn/index.js";

const right = {
  name: "own",
  equations: "h' = h + x",
  locality: "unit",
  states: ["h"],
  shapes: (g: { units: number }) => ({ u: [g.units] }),
  next: (p: { u: Tensor }, s: { h: Tensor }, x: Tensor) => ({ h: s.h.mul(p.u).add(x) }),
  output: (_: unknown, s: { h: Tensor }) => s.h,
};
const proto = "__proto__";
const define = defineCell as unknown as (definition: object) => (sizes: object) => Cell;

describe("a definition", () => {
  it.each([
    [{ puree: true }, /^defineCell: expected options among name, .*, got "puree"/],
    [{ pure: "yes" }, /^defineCell: expected pure to be true or false, got a string/],
    [{ locality: "foo" }, /^defineCell: expected locality to be one of unit, channel, dense, got "foo"/],
    [{ name: "" }, /^defineCell: expected name to be a name, got none/],
    [{ states: [] }, /^defineCell: expected states to be a list of names, or an object/],
    [
      { stateShape: () => [2, -1] },
      /^own: expected stateShape\[1\] to be a whole number of at least 1, got -1/,
    ],
    [{ shapes: () => 3 }, /^own: expected shapes to be a plain object, got 3/],
    [
      { shapes: () => ({ W: [-1, 2] }) },
      /^own: expected shapes.W\[0\] to be a whole number of at least 0, got -1/,
    ],
  ])("that says what it may not is refused: %o", (wrong, sentence) => {
    expect(() => define({ ...right, ...wrong })({ input: 2, units: 2 })).toThrow(sentence);
  });

  it("may name a state as it likes", () => {
    const next = (p: { u: Tensor }, s: Record<string, Tensor>, x: Tensor) =>
      Object.fromEntries([
        ["h", s.h.mul(p.u).add(x)],
        [proto, s[proto].add(s.h)],
      ]);
    const cell = define({ ...right, states: ["__proto__", "h"], next })({ input: 2, units: 2 });
    const model = stack<Supervised>([cell]);
    for (const rule of [rfp, bptt]) {
      const learner = rule(model, model.init(random.key(1)));
      const one = ones([1, 2]);
      for (let t = 0; t < 3; t++) learner.step({ input: one, target: one });
      expect(Object.keys(learner.state?.[0] ?? {})).toEqual(["__proto__", "h"]);
    }
  });

  it("takes tensors alone as states and parameters", () => {
    const cell = define(right)({ input: 2, units: 2 });
    const [params, state] = [cell.init(random.key(1)), cell.zeroState(1)];
    const wrong = (value: unknown): never => value as never;
    expect(() => cell.next(params, wrong({ h: 5 }), ones([1, 2]))).toThrow(
      "own: expected a tensor as h among the states, got 5",
    );
    expect(() => cell.output(wrong({}), state, ones([1, 2]))).toThrow(
      "own: expected a tensor as u among the parameters, got undefined",
    );
  });
});

/** Errors of inputs: what the losses of a block of steps change by when an input does, in steps that are taken anew. */
import { describe, expect, it } from "vitest";
import { cells, defineCell } from "../../src/cells/index.js";
import { DTypeError } from "../../src/core/errors.js";
import { add, cast, mul, square, sum, type Tensor, tanh, tensor } from "../../src/index.js";
import { type Learner, network, type RuleOptions, rules, type Supervised } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import { objectives, randomParams, randomSequence } from "../../src/testing/index.js";

type Ways = RuleOptions & { readonly window?: number };

/** A loss of this step and the one before, which reads the input too. */
const model = network([cells.mingru({ input: [2], units: 3 }), cells.gru({ input: [3], units: 2 })], {
  loss: (context) => add(objectives.slow(context), mul(sum(square(context.now.input)), 0.3)),
  pure: true,
});
const params = randomParams(model, 4);
const samples = randomSequence(3, { input: [2], target: [2], steps: 8, batch: 2 });

const stepped = (learner: Learner<Supervised>, given: readonly Supervised[]): number[] =>
  given.map((sample) => learner.step(sample).loss);

/** The steps of the block that ends with step `last`, counted from 0. */
const blockOf = (rule: string, last: number, window: number): number[] => {
  const whole = rule.endsWith("bptt") && rule !== "tbptt" ? Number.POSITIVE_INFINITY : window;
  const first = rule === "fptt" || whole === Number.POSITIVE_INFINITY ? 0 : last - (last % whole);
  return Array.from({ length: last + 1 - first }, (_, i) => first + i);
};

const ways: readonly (readonly [keyof typeof rules, Ways, number])[] = [
  ...(Object.keys(rules) as (keyof typeof rules)[]).map(
    (name) => [name, {}, name === "tbptt" ? 20 : 1] as const,
  ),
  ["rfp", { window: 3 }, 3],
  ["rfp", { window: 3, compile: false }, 3],
  ["rfp", { credit: "local" }, 1],
  ["tbptt", { window: 3 }, 3],
  ["tbptt", { window: 3, compile: false }, 3],
  ["bptt", { compile: true }, 1],
];

describe("the gradient by inputs", () => {
  it.each(ways)("is that of the losses of the block at hand: %s %o", (rule, options, window) => {
    for (const last of [0, 2, 4, 7]) {
      const seen = samples.slice(0, last + 1);
      const learner = rules[rule].start(model, params, options);
      stepped(learner, seen);
      const block = blockOf(rule, last, window);
      const found = learner.inputGradient();
      expect(found.map(({ shape }) => shape)).toEqual(block.map(() => [2, 2]));
      const lossWith = (s: number, i: number, by: number): number => {
        const input = tensor(
          Array.from(entries(samples[s].input), (v, j) => (j === i ? v + by : v)),
          { shape: [2, 2] },
        );
        const moved = seen.map((sample, t) => (t === s ? { ...sample, input } : sample));
        const losses = stepped(rules.bptt.start(model, params), moved);
        return block.reduce((n, t) => n + losses[t], 0);
      };
      // what lies before the block is constant, and the block's own first loss reads the outputs before it
      block.forEach((s, k) => {
        for (let i = 0; i < 4; i++) {
          const h = 1e-5;
          const slope = (lossWith(s, i, h) - lossWith(s, i, -h)) / (2 * h);
          // central differences are off by h² and by the rounding of the losses over h
          expect(entries(found[k] as Tensor)[i]).toBeCloseTo(slope, 7);
        }
      });
    }
  });

  it("stays until the next step where a block ended: by its gradient, by a reset of what was gathered, by new parameters", () => {
    for (const end of ["gradient", "clearGradient", "setParams"] as const)
      for (const [rule, options] of ways) {
        const learner = rules[rule].start(model, params, options);
        stepped(learner, samples.slice(0, 6));
        const before = learner.inputGradient().map((t) => Array.from(entries(t)));
        if (end === "setParams") learner.setParams(randomParams(model, 5));
        else learner[end]();
        expect(learner.inputGradient().map((t) => Array.from(entries(t)))).toEqual(before);
      }
  });

  it("is refused in a sentence before the first step, and for inputs of integers", () => {
    const learner = rules.rfp.start(model, params);
    const early = "rfp: expected at least one step before the gradient by its input is asked for";
    expect(() => learner.inputGradient()).toThrow(early);
    stepped(learner, samples);
    learner.reset();
    expect(() => learner.inputGradient()).toThrow(early);
    const reader = defineCell({
      name: "reader",
      equations: "h' = tanh(u⊙h + x)",
      locality: "unit",
      states: ["h"],
      shapes: ({ units }) => ({ u: [units] }),
      next: (p, { h }, x) => ({ h: tanh(add(mul(p.u, h), cast(x, "float64"))) }),
      output: (_, { h }) => h,
    });
    const tokens = network([reader({ input: [2], units: 2 })]);
    const whole = rules.rfp.start(tokens, randomParams(tokens, 1));
    whole.step({ input: tensor([[1, 2]], { dtype: "int32" }), target: tensor([[0, 0]]) });
    expect(() => whole.inputGradient()).toThrow(DTypeError);
    expect(() => whole.inputGradient()).toThrow(
      "rfp: expected an input of floats to differentiate by, got int32",
    );
  });
});

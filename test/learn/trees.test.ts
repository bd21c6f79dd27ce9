import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defineCell } from "../../src/cells/_cell.js";
import { cells } from "../../src/cells/registry.js";
import {
  backendName,
  backendNames,
  isTensor,
  ones,
  random,
  type Tensor,
  useBackend,
} from "../../src/index.js";
import { type ModelParams, type Supervised, stack } from "../../src/learn/index.js";
import { ruleNamed } from "../../src/learn/named.js";
import { rules } from "../../src/learn/registry.js";
import { compareGradients, randomParams, randomSequence } from "../../src/testing/index.js";
import { shuffled } from "../support/shuffled.js";

// every block is of one shape with another, so that blocks in the wrong place would be taken without a word
const model = stack<Supervised>(
  [cells.mingru({ input: 3, units: 3 }), cells.indrnn({ input: 3, units: 3 })],
  {
    readout: (key) => ({ R: random.normal(key, [3, 3]), Q: random.normal(random.foldIn(key, 1), [3, 3]) }),
    loss: ({ params: { readout }, now, sample }) =>
      now.outputs[1]
        .matmul(readout.R)
        .add(now.outputs[1].square().matmul(readout.Q))
        .sub(sample.target)
        .square()
        .sum(),
    pure: true,
  },
);
const [params, changed] = [randomParams(model, 1), randomParams(model, 2)];
const samples = randomSequence(3, { input: [3], target: [3], steps: 6, batch: 1 });
const inAnyOrder = (p: ModelParams, seed: number): ModelParams => shuffled(p, isTensor, seed);
const backends = backendNames();

describe.each(backends)("parameters in another order of names on %s", (name) => {
  const usual = backendName();
  beforeAll(() => {
    useBackend(name);
  });
  afterAll(() => {
    useBackend(usual);
  });

  describe.each(Object.values(rules))("under $name", (rule) => {
    /** Steps, an exchange of parameters every other step, and the gradient. */
    const run = (order: (p: ModelParams, seed: number) => ModelParams, compile?: boolean): ModelParams => {
      const learner = rule.start(model, params, { compile });
      samples.forEach((sample, t) => {
        learner.step(sample);
        if (t % 2 === 1) learner.setParams(order(t % 4 === 1 ? changed : params, t));
      });
      return learner.gradient();
    };
    it.each([true, false])("give the same gradient, compile: %s", (compile) => {
      const want = run((p) => p, compile);
      const { worst } = compareGradients(run(inAnyOrder, compile), want);
      // the same ops on the same numbers
      expect(worst.error, worst.path).toBe(0);
    });
    it("may be what a learner starts with", () => {
      const start = (p: ModelParams): ModelParams => {
        const learner = rule.start(model, p);
        for (const sample of samples) learner.step(sample);
        learner.setParams(params);
        learner.step(samples[0]);
        return learner.gradient();
      };
      const { worst } = compareGradients(start(inAnyOrder(params, 5)), start(params));
      // sums over blocks, as in norms of random projections, come in another order; what is drawn per state does not
      expect(worst.error, worst.path).toBeLessThan(1e-9);
    });
    it("are refused by their path where they are others, and the learner stays as it is", () => {
      const learner = rule.start(model, params);
      learner.step(samples[0]);
      const [before, held] = [learner.gradient(), learner.params];
      const wrong = (p: unknown) => () => learner.setParams(p as ModelParams);
      const { areas, readout } = params;
      const who = `${rule.name}: `;
      expect(wrong({ areas, readout: { R: readout.R } })).toThrow(
        `${who}expected parameters to have a tensor at "readout.Q", got nothing`,
      );
      expect(wrong({ areas, readout: { ...readout, S: readout.R } })).toThrow(
        `${who}expected parameters to have nothing at "readout.S", got a tensor`,
      );
      expect(wrong({ areas, readout: { ...readout, Q: ones([2]) } })).toThrow(
        `${who}readout.Q must have shape [3,3], got [2]`,
      );
      expect(wrong({ areas, readout: new Map(Object.entries(readout)) })).toThrow('got a Map at "readout"');
      const hidden = { [Symbol("R")]: readout.R };
      expect(wrong({ areas, readout: { ...readout, ...hidden } })).toThrow(
        'got a property under a symbol at "readout"',
      );
      expect(wrong({ areas: [{ ...areas[0], ...hidden }, areas[1]], readout })).toThrow(
        'got a property under a symbol at "areas.0"',
      );
      expect(() => rule.start(model, { areas, readout: { ...readout, ...hidden } })).toThrow(
        "got a property under a symbol",
      );
      expect(wrong({ areas: { ...areas }, readout })).toThrow("got an object as areas");
      expect(wrong({ areas: [areas[0], new Map()], readout })).toThrow("got a Map");
      expect(wrong(null)).toThrow(`${who}expected parameters { areas: [...], readout: {...} }, got nothing`);
      expect(wrong({ areas, readout, extra: readout.R })).toThrow("got extra");
      expect(learner.params).toBe(held);
      expect(compareGradients(learner.gradient(), before).worst.error).toBe(0);
    });
  });
});

describe("a parameter whose name has a dot", () => {
  const dotted = defineCell({
    name: "dotted",
    equations: "h' = tanh(W x + a.u h)",
    pure: true,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units }) => ({ "a.u": [units], W: [units, ...input] }),
    next: (p, { h }, x) => ({ h: x.matmul(p.W.transpose()).add(p["a.u"].mul(h)).tanh() }),
    output: (_, { h }) => h,
  });
  const own = stack([dotted({ input: 3, units: 3 })]);
  it.each(Object.values(rules).filter((r) => r.exactness === "exact"))(
    "learns exactly under $name",
    (rule) => {
      const p = randomParams(own, 1);
      const run = (name: string): ModelParams => {
        const learner = ruleNamed(name).start(own, p);
        for (const sample of samples) learner.step(sample);
        return learner.gradient();
      };
      const { worst } = compareGradients(run(rule.name), run("bptt"));
      expect(worst.error, worst.path).toBeLessThan(rule.tolerance ?? 1e-10);
      expect((run(rule.name).areas[0]["a.u"] as Tensor).abs().sum().item()).toBeGreaterThan(0.01);
    },
  );
});

describe("a target", () => {
  it("of another shape than the output is refused, though it would broadcast", () => {
    const plain = stack<Supervised>([cells.mingru({ input: 2, units: 3 })]);
    const learner = () => ruleNamed("rfp").start(plain, plain.init(random.key(1)));
    for (const shape of [[2, 3], [3], [1], [], [1, 1]])
      expect(() => learner().step({ input: ones([1, 2]), target: ones(shape) })).toThrow(
        `squaredError: expected a target of shape [1,3], as the top output has, got [${shape}]`,
      );
    expect(learner().step({ input: ones([1, 2]), target: ones([1, 3]) }).loss).toBeGreaterThan(0);
  });
});

/** What stops a learner halfway, or changes behind it, never ends in numbers that may be wrong. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells, defineCell } from "../../src/cells/index.js";
import { DTypeError, RuleError } from "../../src/core/errors.js";
import { leavesOf, mapTree } from "../../src/core/tree.js";
import {
  add,
  backendName,
  backendNames,
  cast,
  customJvp,
  mul,
  square,
  sub,
  type Tensor,
  tanh,
  tensor,
  useBackend,
} from "../../src/index.js";
import {
  bptt,
  type Learner,
  type ModelParams,
  ruleNamed,
  rules,
  type Supervised,
  squaredError,
  stack,
} from "../../src/learn/index.js";
import { isTensor } from "../../src/tensor/tensor.js";
import { compareGradients, randomParams, randomSequence } from "../../src/testing/index.js";

const chosen = backendName();
const samples = randomSequence(3, { input: [2], target: [2], steps: 7, batch: 2 });
const run = <S>(learner: Learner<S>, from: readonly S[], count: number): void => {
  for (let t = 0; t < count; t++) learner.step(from[t % from.length]);
};
const apart = (got: ModelParams, want: ModelParams): number => compareGradients(got, want).worst.error;

/** A cell whose derivative throws when it is told to. */
function failing() {
  const own = { fails: false };
  const squash = customJvp(
    (x: Tensor) => tanh(x),
    ([x], [t]) => {
      if (own.fails) throw new TypeError("no derivative today");
      return mul(t, sub(1, square(tanh(x))));
    },
  );
  const kind = defineCell({
    name: "failing",
    equations: "h' = squash(W x + u⊙h)",
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
    next: (p, { h }, x) => ({ h: squash(add(x.matmul(p.W.transpose()), mul(p.u, h))) }),
    output: (_, { h }) => h,
  });
  // the area below has its new traces before the derivative of the area above is taken
  return {
    own,
    model: stack<Supervised>([cells.leaky({ input: 2, units: 2 }), kind({ input: 2, units: 2 })]),
  };
}

describe.each(backendNames())("on %s", (name) => {
  beforeAll(() => useBackend(name));
  afterAll(() => useBackend(chosen));

  describe.each([
    "rfp",
    "rfp(3)",
    "rtrl",
    "snap",
    "eprop",
    "rflo",
    "uoro",
    "kfRtrl",
    "fptt",
    "bptt",
    "tbptt(3)",
  ])("%s", (rule) => {
    const exact = !/^(snap|eprop|rflo|uoro|kfRtrl|tbptt)/.test(rule);

    it("hands out no gradient after a step whose derivative threw, unless nothing was changed", () => {
      const { own, model } = failing();
      const params = randomParams(model, 1);
      const [learner, fresh] = [1, 2].map(() => ruleNamed(rule).start(model, params));
      const asked = (f: () => unknown): unknown => {
        try {
          return f();
        } catch (error) {
          return error;
        }
      };
      for (const each of [learner, fresh]) run(each, samples, 4);
      own.fails = true;
      const first = asked(() => learner.gradient());
      const second = asked(() => learner.step(samples[4]));
      own.fails = false;
      if (!(second instanceof Error)) fresh.step(samples[4]);
      for (const each of [learner, fresh]) each.clearGradient();
      // whoever caught the error and goes on is told, or was told before anything was changed
      const gradient = asked(() => {
        learner.step(samples[5]);
        return learner.gradient();
      });
      expect([first, second].some((outcome) => outcome instanceof TypeError)).toBe(true);
      if (gradient instanceof Error) {
        expect(gradient).toBeInstanceOf(RuleError);
        expect(gradient.message).toBe(
          `${rule.replace(/\(.*/, "")}: expected what a step changes to be changed to its end, got an error halfway (no derivative today); call reset() first`,
        );
        // and told again, until it starts anew
        expect(() => learner.gradient()).toThrow("got an error halfway");
      } else {
        fresh.step(samples[5]);
        expect(apart(gradient as ModelParams, fresh.gradient())).toBeLessThan(1e-12);
      }
      learner.reset();
      const anew = exact ? bptt(model, params) : ruleNamed(rule).start(model, params);
      for (const each of [learner, anew]) run(each, samples, 5);
      // signs of those who draw them go on with time
      if (rule !== "uoro" && rule !== "kfRtrl")
        expect(apart(learner.gradient(), anew.gradient())).toBeLessThan(rule === "fptt" ? 1e-6 : 1e-10);
    });

    it("refuses parameters of another dtype until it starts anew", () => {
      const model = stack<Supervised>([cells.leaky({ input: 2, units: 2 })]);
      const params = randomParams(model, 1);
      const [learner, other] = [1, 2].map(() => ruleNamed(rule).start(model, params));
      for (const each of [learner, other]) run(each, samples, 3);
      const narrow = mapTree(params, isTensor, (t: Tensor) => cast(t, "float32")) as ModelParams;
      const [{ a, ...rest }] = params.areas;
      for (const areas of [narrow.areas, [{ ...rest, a: cast(a, "float32") }]])
        expect(() => learner.setParams({ areas, readout: {} })).toThrow(
          expect.objectContaining({
            constructor: DTypeError,
            message: expect.stringMatching(
              /^\w+: the dtype of areas\.0\.\w+ changed, expected float64, got float32; call reset\(\) first$/,
            ),
          }),
        );
      for (const each of [learner, other]) run(each, samples, 3);
      expect(apart(learner.gradient(), other.gradient())).toBe(0);
      learner.reset();
      learner.setParams(narrow);
      expect(leavesOf<Tensor>(learner.params, isTensor)[0].value.dtype).toBe("float32");
    });
  });

  it.each(Object.keys(rules))(
    "%s takes samples with constants, and keeps them as they were given",
    (rule) => {
      interface Weighted extends Supervised {
        weight: number;
      }
      const model = stack<Weighted>([cells.leaky({ input: 2, units: 2 })], {
        pure: true,
        loss: (context) => mul(squaredError(context), context.sample.weight),
      });
      const params = randomParams(model, 1);
      const windows = rule === "rfp" || rule === "tbptt" ? [1, 3] : [undefined];
      for (const window of windows)
        for (const compile of [false, true]) {
          const start = (): Learner<Weighted> =>
            ruleNamed(rule).start(model, params, { compile, ...(window && { window }) });
          const [learner, plain] = [start(), start()];
          const reused = { ...samples[0], weight: 0 };
          for (let t = 0; t < 20; t++) {
            const sample = { ...samples[t % samples.length], weight: 1 + (t % 2) };
            plain.step(sample);
            learner.step(Object.assign(reused, sample));
            Object.assign(reused, {
              input: tensor([
                [1, 1],
                [1, 1],
              ]),
              weight: 100,
            });
          }
          expect(apart(learner.gradient(), plain.gradient())).toBe(0);
        }
    },
  );

  it("fptt finds out that inputs played again lead elsewhere, and stays with it", () => {
    const own = { gain: 1 };
    const kind = defineCell({
      name: "annealed",
      equations: "h' = gain·(W x) + u⊙h",
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
      next: (p, { h }, x) => ({ h: add(mul(x.matmul(p.W.transpose()), own.gain), mul(p.u, h)) }),
      output: (_, { h }) => h,
    });
    const model = stack<Supervised>([kind({ input: 2, units: 2 })]);
    const params = randomParams(model, 1);
    const learner = rules.fptt.start(model, params);
    run(learner, samples, 3);
    own.gain = 0.5;
    for (const late of [
      () => learner.gradient(),
      () => learner.step(samples[0]),
      () => learner.setParams(params),
    ])
      expect(late).toThrow(/^fptt: .* second pass ends in other states or another loss/);
    learner.reset();
    const oracle = bptt(model, params);
    for (const each of [learner, oracle]) run(each, samples, 3);
    expect(apart(learner.gradient(), oracle.gradient())).toBeLessThan(1e-6);
  });

  it("fptt refuses further steps and gradients after a step that it refused", () => {
    const kind = defineCell({
      name: "nearlySingular",
      equations: "h' = (mean x)⊙h + W x",
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input] }),
      next: (p, { h }, x) => ({ h: add(mul(x.mean(1, { keepDims: true }), h), x.matmul(p.W.transpose())) }),
      output: (_, { h }) => h,
    });
    const model = stack<Supervised>([kind({ input: 2, units: 2 })]);
    const learner = rules.fptt.start(model, randomParams(model, 1));
    run(learner, samples, 2);
    const tiny = { ...samples[2], input: mul(samples[2].input, 1e-12) };
    const sentence = /^fptt: expected Jacobians whose product leaves six digits/;
    expect(() => learner.step(tiny)).toThrow(sentence);
    // a large Jacobian after it does not make the product well again
    expect(() => learner.step({ ...samples[3], input: mul(samples[3].input, 1e12) })).toThrow(sentence);
    expect(() => learner.gradient()).toThrow(sentence);
    learner.reset();
    run(learner, samples, 2);
    expect(learner.gradient().areas[0].W.shape).toEqual([2, 2]);
  });
});

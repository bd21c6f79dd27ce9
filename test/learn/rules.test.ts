import { beforeAll, describe, expect, it } from "vitest";
import type { Cell } from "../../src/cells/_cell.js";
import { cellNamed } from "../../src/cells/index.js";
import { cells } from "../../src/cells/registry.js";
import { ArgumentError, RuleError } from "../../src/core/errors.js";
import { leavesOf, mapTree } from "../../src/core/tree.js";
import {
  add,
  eye,
  isTensor,
  matmul,
  mul,
  ones,
  random,
  square,
  sum,
  type Tensor,
  tanh,
  tensor,
  useBackend,
  zeros,
} from "../../src/index.js";
import {
  type Model,
  type ModelParams,
  rfp,
  ruleNamed,
  rules,
  type Supervised,
  stack,
  tbptt,
  uoro,
} from "../../src/learn/index.js";
import {
  checkLearner,
  compareGradients,
  compareLearner,
  randomParams,
  randomSequence,
} from "../../src/testing/index.js";
import { denseChain } from "../support/odd-cells.js";

// runs are compared to the last bit, and other backends round in another order when they replay
beforeAll(() => useBackend("js"));

const single = (name: string, units = 3): Model<Supervised> =>
  stack([cellNamed(name)({ input: 3, units })]) as Model<Supervised>;
const deep = (...names: string[]): Model<Supervised> =>
  stack(names.map((name) => cellNamed(name)({ input: 3, units: 3 }))) as Model<Supervised>;
const errorOf = (rule: string, model: Model<Supervised>, steps = 8): number =>
  compareLearner(rule, model, { steps, seed: 3 }).worst.error;
/** Rounding of a few steps, far below any bias. */
const equal = 1e-12;
/** A bias that no rounding explains. */
const biased = 1e-3;

const unitLocal = Object.values(cells).filter(
  ({ definition }) => definition.locality === "unit" && !definition.spatial,
);

describe("rules by name", () => {
  it("takes the number in the name as the rule's setting", () => {
    expect(ruleNamed("tbptt(3)").name).toBe("tbptt(3)");
    const model = single("mingru");
    expect(() => ruleNamed("tbptt(3)").start(model, randomParams(model, 1), { window: 4 } as object)).toThrow(
      "tbptt(3): expected no option window, which its name says",
    );
    expect(errorOf("tbptt(8)", model)).toBe(0);
    expect(errorOf("tbptt(3)", model)).toBeGreaterThan(biased);
  });
  it.each(["rpf", "rtrl(2)", "rfp(0)", "tbptt(0)", "tbptt(x)", "tbptt(2", "snap(1.5)"])(
    "refuses %s",
    (name) => {
      expect(() => ruleNamed(name)).toThrow(ArgumentError);
      expect(() => ruleNamed(name)).toThrow(/^rule: expected .*, got "/);
    },
  );
});

/** Where theory says that a biased rule is exact, and where it says that it is not. */
describe("biased rules", () => {
  it.each(unitLocal.map(({ definition }) => definition.name))("eprop is exact on one area of %s", (name) => {
    expect(errorOf("eprop", single(name))).toBeLessThan(equal);
  });
  it.each(unitLocal.map(({ definition }) => definition.name))("snap is exact on one area of %s", (name) => {
    // a parameter of the LRU drives one of two states, and reaches the other a step later
    const order = cellNamed(name).definition.states.length;
    expect(errorOf(`snap(${order})`, single(name))).toBeLessThan(equal);
    expect(errorOf("snap(5)", single(name))).toBeLessThan(equal);
  });
  it.each(["leaky", "mingru", "lru"])("rflo is exact on %s, whose leak is the whole recurrence", (name) => {
    expect(errorOf("rflo", single(name))).toBeLessThan(equal);
  });
  it("tbptt is exact up to its window, and only there", () => {
    expect(errorOf("tbptt(8)", deep("gru", "elstm"))).toBeLessThan(equal);
    expect(errorOf("tbptt(7)", deep("gru", "elstm"))).toBeGreaterThan(biased);
  });
  it.each(["vanilla", "gru", "lstm"])("snap, eprop and rflo are biased on %s", (name) => {
    for (const rule of ["snap", "eprop", "rflo"])
      expect(errorOf(rule, single(name)), rule).toBeGreaterThan(biased);
  });
  it("rflo leaves out what eprop keeps: a unit's own recurrent weight", () => {
    expect(errorOf("rflo", single("indrnn"))).toBeGreaterThan(biased);
    expect(errorOf("rflo", single("elstm"))).toBeGreaterThan(biased);
  });
  it("eprop and rflo are biased in a stack, where local credit is", () => {
    for (const rule of ["eprop", "rflo"])
      expect(errorOf(rule, deep("mingru", "mingru")), rule).toBeGreaterThan(biased);
  });
  it("snap reaches areas above within the step: exact on a stack of units that keep to themselves", () => {
    expect(errorOf("snap", deep("mingru", "leaky", "indrnn"))).toBeLessThan(equal);
    expect(errorOf("snap", deep("mingru", "vanilla"))).toBeGreaterThan(biased);
  });
  it.each(
    Object.values(rules).flatMap(({ name, setting }) => (setting ? [[name, setting.option] as const] : [])),
  )("%s takes a whole number of at least 1 as its %s", (name, option) => {
    const model = single("mingru");
    for (const value of [0, -1, 1.5, Number.NaN, "3", null, [2], true])
      expect(
        () => ruleNamed(name).start(model, randomParams(model, 1), { [option]: value }),
        `${value}`,
      ).toThrow(new RegExp(`^${name}: expected ${option} to be a whole number of at least 1`));
  });
  it("snap drops less with every order", () => {
    // a delay of four states, all read, whose last reaches all units: an order more for each of them, and one for the rest
    const cell: Cell = {
      ...denseChain({ input: 3, units: 3 }),
      output: (_, { s1, s2, s3, s4 }) => add(add(s1, s2), add(s3, s4)),
    };
    const model = stack<Supervised>([cell], { loss: ({ now }) => sum(now.outputs[0]) });
    // nothing is negative, so that what is dropped cannot cancel: less of the gradient is missing with every order
    const positive = <T>(tree: T): T => mapTree(tree, isTensor, (t: Tensor) => t.abs()) as T;
    const params = positive(randomParams(model, 1));
    const samples = positive(randomSequence(1, { input: [3], target: [3], steps: 8, batch: 2 }));
    const errors = [1, 2, 3, 4, 5].map(
      (order) => compareLearner(`snap(${order})`, model, { params, samples }).worst.error,
    );
    for (const [i, error] of errors.slice(0, 4).entries())
      expect(error - errors[i + 1]).toBeGreaterThan(biased);
    expect(errors[4]).toBeLessThan(equal);
  });
  it.each(["vanilla", "gru", "lstm"])(
    "snap(2) is exact on one area of %s, all of which two steps reach",
    (name) => {
      expect(errorOf("snap(2)", single(name))).toBeLessThan(equal);
    },
  );
});

/** What biased rules leave out is no freedom: where a recurrence is written out, their numbers are those. */
describe("biased rules in numbers", () => {
  const sizes = { input: [3], target: [3], steps: 8, batch: 2 };

  /**
   * h' = tanh(W x + U h + b), by hand: a unit's own influence S' = (1 − h'²) (u S + x), where u is its weight to itself or,
   * for rules to which all that comes through a matrix is an input, 0.
   */
  it.each([
    ["snap", 1],
    ["eprop", 0],
    ["rflo", 0],
  ] as const)("%s keeps of a vanilla network what a unit carries itself", (rule, own) => {
    const model = single("vanilla");
    const params = randomParams(model, 1);
    const samples = randomSequence(1, sizes);
    const { W, U, b } = params.areas[0];
    const learner = ruleNamed(rule).start(model, params);
    for (const sample of samples) learner.step(sample);
    const [gradient] = learner.gradient().areas;
    const weights = mul(U, eye(3)).sum(1).mul(own);
    let h = zeros([2, 3]);
    const traces: Record<string, Tensor> = { W: zeros([2, 3, 3]), U: zeros([2, 3, 3]), b: zeros([2, 3, 1]) };
    const expected: Record<string, Tensor> = { W: zeros([3, 3]), U: zeros([3, 3]), b: zeros([3, 1]) };
    for (const { input, target } of samples) {
      const met = { W: input, U: h, b: ones([2, 1]) };
      h = tanh(add(add(matmul(input, W.transpose()), matmul(h, U.transpose())), b));
      const slope = square(h).neg().add(1).expandDims(2);
      for (const [name, x] of Object.entries(met)) {
        traces[name] = mul(slope, add(mul(weights.reshape([3, 1]), traces[name]), x.expandDims(1)));
        expected[name] = add(expected[name], mul(h.sub(target).expandDims(2), traces[name]).sum(0));
      }
    }
    for (const [name, t] of Object.entries(expected)) {
      const want = t.reshape(gradient[name].shape);
      expect(gradient[name].sub(want).abs().max().item(), name).toBeLessThan(equal * want.abs().max().item());
    }
  });

  it.each([
    ["eprop", {}],
    ["rflo", {}],
    ["snap", { credit: "local" }],
  ] as const)(
    "%s %o is local credit on a stack of units whose leak is the whole recurrence",
    (rule, options) => {
      const model = deep("mingru", "leaky", "mingru");
      const params = randomParams(model, 1);
      const [got, want] = [
        rules[rule].start(model, params, options),
        rfp(model, params, { credit: "local" }),
      ].map((learner) => {
        for (const sample of randomSequence(1, sizes)) learner.step(sample);
        return learner.gradient();
      });
      expect(compareGradients(got, want).worst.error).toBeLessThan(equal);
    },
  );
});

/** Sums over seeds of each entry of the gradient and of its square. */
function meanOverSeeds(
  rule: string,
  model: Model<Supervised>,
  params: ModelParams,
  samples: Supervised[],
  n: number,
) {
  let [sum, squares]: number[][] = [[], []];
  for (let seed = 0; seed < n; seed++) {
    const learner = ruleNamed(rule).start(model, params, { seed });
    for (const sample of samples) learner.step(sample);
    const g = leavesOf<Tensor>(learner.gradient(), isTensor).flatMap(({ value }) => [
      ...value.toTypedArray(),
    ]);
    if (seed === 0) [sum, squares] = [g.map(() => 0), g.map(() => 0)];
    g.forEach((v, i) => {
      sum[i] += v;
      squares[i] += v * v;
    });
  }
  const mean = sum.map((s) => s / n);
  return { mean, deviation: squares.map((s, i) => Math.sqrt(Math.max(0, s / n - mean[i] ** 2) / n)) };
}

const unbiasedRules = Object.values(rules).filter((rule) => rule.exactness === "unbiased");

describe.each(unbiasedRules.map((rule) => rule.name))("%s is unbiased", (rule) => {
  const exactGradient = (model: Model<Supervised>, params: ModelParams, samples: Supervised[]): number[] =>
    meanOverSeeds("bptt", model, params, samples, 1).mean;
  const steps = 5;
  const runs = 600;
  /**
   * Under the central limit theorem the mean of `runs` seeds lies within 5 standard errors of the truth in all of
   * fewer than 100 entries with probability above 1 − 100 · 5.7e-7, better than 0.9999; seeds are fixed.
   */
  const confidence = 5;

  it.each([
    ["mingru"],
    ["elstm"],
    ["lru"],
    ["vanilla"],
    ["gru"],
    ["mingru", "leaky"],
    ["leaky", "vanilla"],
    ["leaky", "elstm", "mingru"],
  ])("on %s %s", (...names) => {
    const used = names.filter(Boolean);
    const model = stack(used.map((name) => cellNamed(name)({ input: 2, units: 2 }))) as Model<Supervised>;
    const params = randomParams(model, 1);
    const samples = randomSequence(1, { input: [2], target: [2], steps, batch: 2 });
    const exact = exactGradient(model, params, samples);
    const { mean, deviation } = meanOverSeeds(rule, model, params, samples, runs);
    const scale = Math.max(...exact.map(Math.abs));
    exact.forEach((g, i) => {
      expect(Math.abs(mean[i] - g), `entry ${i}`).toBeLessThanOrEqual(
        confidence * deviation[i] + 1e-12 * scale,
      );
    });
    // the control: single runs are far off, and a biased rule does not pass
    expect(Math.max(...deviation) * Math.sqrt(runs)).toBeGreaterThan(0.01 * scale);
  });

  it("approaches the gradient as 1/√N", () => {
    const model = single("vanilla", 2);
    const params = randomParams(model, 1);
    const samples = randomSequence(1, { input: [3], target: [2], steps, batch: 1 });
    const exact = exactGradient(model, params, samples);
    const distance = (n: number): number => {
      const { mean } = meanOverSeeds(rule, model, params, samples, n);
      return Math.hypot(...mean.map((m, i) => m - exact[i]));
    };
    // 64 times the seeds: an eighth of the distance, within a factor of 3 (each distance is itself a random number)
    const gain = distance(25) / distance(1600);
    expect(gain).toBeGreaterThan(8 / 3);
    expect(gain).toBeLessThan(8 * 3);
  });

  it("gives the same gradient for the same seed, and another for another", () => {
    const model = single("gru");
    expect(errorOf(rule, model)).toBe(errorOf(rule, model));
    const at = (seed: number): number =>
      compareLearner(rule, model, { seed, params: randomParams(model, 1) }).worst.error;
    expect(at(1)).not.toBe(at(2));
  });
});

it("the test of bias has power: a biased rule fails it", () => {
  const model = single("vanilla", 2);
  const params = randomParams(model, 1);
  const samples = randomSequence(1, { input: [3], target: [2], steps: 5, batch: 2 });
  const exact = meanOverSeeds("bptt", model, params, samples, 1).mean;
  const { mean: leaning } = meanOverSeeds("snap", model, params, samples, 1);
  const { deviation } = meanOverSeeds("uoro", model, params, samples, 600);
  expect(exact.some((g, i) => Math.abs(leaning[i] - g) > 5 * deviation[i])).toBe(true);
});

describe("kfRtrl", () => {
  it("refuses parameters that meet many inputs at once, such as kernels", () => {
    const model = stack([cells.rgcPointwise({ input: [1, 3, 3], units: 2 })]) as Model<Supervised>;
    expect(() => compareLearner("kfRtrl", model, { steps: 2 })).toThrow(RuleError);
    expect(() => compareLearner("kfRtrl", model, { steps: 2 })).toThrow(
      /^kfRtrl: expected a parameter that meets one input/,
    );
  });
  it("is exact in the first step, where one product holds all there is", () => {
    checkLearner("kfRtrl", deep("gru", "elstm", "mingru"), { steps: 1 });
  });
});

describe("fptt", () => {
  /** Initial |λ| in [0.97, 1). */
  const nearOne = (areas: number): { model: Model<Supervised>; params: ModelParams } => {
    const model = stack(
      Array.from({ length: areas }, () => cells.lru({ input: 4, units: 4 })),
    ) as Model<Supervised>;
    const init = model.init(random.key(1));
    const params = {
      ...init,
      areas: init.areas.map((area, b) => ({
        ...area,
        nu: tensor([0.97, 0.98, 0.99, 0.999].map((v) => Math.log(-Math.log(v + b * 1e-4)))),
      })),
    };
    return { model, params };
  };

  it.each([1, 2, 3])("is exact to 1e-6 on %i areas of LRUs near 1, over 100 steps", (areas) => {
    const { model, params } = nearOne(areas);
    const { worst } = checkLearner("fptt", model, { params, steps: 100, tolerance: 1e-6 });
    expect(worst.error).toBeLessThan(1e-6);
  });

  it.each([1, 2, 3])("takes L + 1 passes over the inputs for %i areas", (areas) => {
    let calls = 0;
    const { model, params } = nearOne(areas);
    const [first, ...rest] = model.areas;
    const counted = {
      ...model,
      areas: [
        {
          ...first,
          next: (...args: Parameters<typeof first.next>) => {
            calls++;
            return first.next(...args);
          },
        },
        ...rest,
      ],
    };
    const learner = ruleNamed("fptt").start(counted, params);
    for (const sample of randomSequence(1, { input: [4], target: [4], steps: 7, batch: 1 }))
      learner.step(sample);
    learner.gradient();
    learner.gradient();
    expect(calls).toBe(7 * (areas + 1));
  });

  it("refuses when the product of Jacobians has no digits left, and says its condition number", () => {
    const model = single("leaky");
    const params = model.init(random.key(1));
    const fast = { ...params, areas: [{ ...params.areas[0], a: tensor([3, 3, 3]) }] };
    const run = (steps: number): unknown => compareLearner("fptt", model, { params: fast, steps });
    // 1 − σ(3) is 0.047: of the fifteen digits of float64 a step takes one and a third, and six must be left
    expect(() => run(7)).not.toThrow();
    expect(() => run(8)).toThrow(RuleError);
    expect(() => run(40)).toThrow(
      /^fptt: expected .* got condition number \d\.\de\+\d+ in area 1 after \d+ steps; use rfp or bptt$/,
    );
  });

  it("refuses a recurrence that forgets at once", () => {
    const model = single("vanilla");
    const params = model.init(random.key(1));
    const none = {
      ...params,
      areas: [{ ...params.areas[0], U: tensor([0, 0, 0, 0, 0, 0, 0, 0, 0], { shape: [3, 3] }) }],
    };
    expect(() => compareLearner("fptt", model, { params: none, steps: 3 })).toThrow(
      /^fptt: expected an invertible recurrence, got a singular Jacobian in area 1 at step \d/,
    );
  });

  it("tells its condition number", () => {
    const { model, params } = nearOne(1);
    const learner = ruleNamed("fptt").start(model, params);
    for (const sample of randomSequence(1, { input: [4], target: [4], steps: 50, batch: 1 }))
      learner.step(sample);
    const condition = learner.diagnostics?.().condition ?? Number.NaN;
    // |λ| = 0.97 shrinks to 0.97^50 in 50 steps; two real states turn as well
    expect(condition).toBeGreaterThan(0.97 ** -50);
    expect(condition).toBeLessThan(4 * 0.97 ** -50);
  });
});

/** What every rule owes a caller beside its gradient. */
describe.each(Object.values(rules).map((rule) => rule.name))("%s on a stream", (name) => {
  const model = deep("mingru", "leaky");
  const params = randomParams(model, 2);
  const samples = randomSequence(5, { input: [3], target: [3], steps: 6, batch: 2 });
  const flat = (p: ModelParams): number[] =>
    leavesOf<Tensor>(p, isTensor).flatMap(({ value }) => [...value.toTypedArray()]);
  const started = (steps: number) => {
    const learner = ruleNamed(name).start(model, params, { seed: 4 });
    for (const sample of samples.slice(0, steps)) learner.step(sample);
    return learner;
  };

  it("refuses the gradient before the first step", () => {
    expect(() => ruleNamed(name).start(model, params).gradient()).toThrow(
      `${name}: expected at least one step`,
    );
  });
  it("starts afresh after a reset", () => {
    const again = started(3);
    again.reset();
    for (const sample of samples) again.step(sample);
    const { exactness } = ruleNamed(name);
    // random rules go on with their signs, so that sequences do not share them
    if (exactness === "unbiased") expect(flat(again.gradient()).every(Number.isFinite)).toBe(true);
    else expect(flat(again.gradient())).toEqual(flat(started(6).gradient()));
  });
  it("forgets losses when told to, and only these", () => {
    const learner = started(4);
    learner.clearGradient();
    const zero = flat(learner.gradient());
    const before = flat(started(4).gradient());
    expect(zero).toEqual(before.map(() => 0));
    const [all, later] = [started(6), learner];
    for (const sample of samples.slice(4)) later.step(sample);
    const [whole, rest] = [flat(all.gradient()), flat(later.gradient())];
    const size = Math.max(...whole.map(Math.abs), ...before.map(Math.abs));
    whole.forEach((v, i) => expect(Math.abs(v - before[i] - rest[i])).toBeLessThan(1e-9 * size));
  });
  it("does not mind the order of asking for the gradient", () => {
    const asked = started(3);
    asked.gradient();
    for (const sample of samples.slice(3)) asked.step(sample);
    expect(flat(asked.gradient())).toEqual(flat(started(6).gradient()));
  });
  it("takes new parameters and keeps the gradient gathered so far", () => {
    const learner = started(4);
    const before = flat(learner.gradient());
    learner.setParams(params);
    expect(flat(learner.gradient())).toEqual(before);
    expect(learner.step(samples[4]).loss).toBe(started(4).step(samples[4]).loss);
  });
  it("counts its memory, which grows with time only where it says so", () => {
    const [short, long] = [started(3), started(6)].map((learner) => learner.memory());
    expect(long.bytes).toBeGreaterThan(0);
    if (long.growsWithTime) expect(long.bytes).toBeGreaterThan(short.bytes);
    // within its first window the record of truncated backpropagation grows
    else if (name !== "tbptt") expect(long.bytes).toBe(short.bytes);
  });
});

it("every rule can be called by its name", () => {
  const model = single("mingru");
  const params = model.init(random.key(0));
  const sample = randomSequence(0, { input: [3], target: [3], steps: 1, batch: 1 })[0];
  expect(tbptt(model, params, { window: 3 }).step(sample).loss).toBe(
    uoro(model, params, { seed: 1 }).step(sample).loss,
  );
});

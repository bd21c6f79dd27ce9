/** States that start from parameters: the influence starts at dz(0)/dθ, for every rule. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells, defineCell, learnedStart } from "../../src/cells/index.js";
import { ArgumentError, RuleError } from "../../src/core/errors.js";
import { leavesOf, mapTree } from "../../src/core/tree.js";
import { add, isTensor, mul, type Tensor, tanh, tensor } from "../../src/index.js";
import {
  bptt,
  fptt,
  type Model,
  type ModelParams,
  network,
  plan,
  rules,
  type Supervised,
} from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";
import {
  arbitraryStack,
  blockError,
  checkLearner,
  compareLearner,
  objectives,
  randomParams,
  randomSequence,
} from "../../src/testing/index.js";

/** A random stack whose starts are learned, and parameters away from zero. */
const learned = (options: Parameters<typeof arbitraryStack>[0]) =>
  fc
    .tuple(arbitraryStack({ units: [1, 3], inputs: [1, 3], ...options }), fc.nat({ max: 999 }))
    .map(([{ model, samples }, seed]) => {
      const started: Model<Supervised> = { ...model, areas: model.areas.map((area) => learnedStart(area)) };
      const fresh = network(started.areas, { loss: model.loss, detached: model.detached, pure: model.pure });
      return { model: fresh as Model<Supervised>, params: randomParams(fresh, seed) as ModelParams, samples };
    });

const model = network([cells.gru({ input: 2, units: 3 }), cells.mingru({ input: 3, units: 2 })], {
  start: "learned",
  loss: objectives.slow,
  pure: true,
});
const params = randomParams(model, 3);
const samples = randomSequence(5, { input: [2], target: [2], steps: 6, batch: 2 });

const numbersOf = (tree: object): Map<string, number[]> =>
  new Map(leavesOf<Tensor>(tree, isTensor).map(({ path, value }) => [path, Array.from(entries(value))]));

describe("a start that is learned", () => {
  it("is a parameter of its area, by name and type", () => {
    const first: Tensor = params.areas[0].h0;
    expect(first.shape).toEqual([3]);
    expect(Object.keys(model.areas[1].shapes)).toContain("h0");
    expect(entries(model.init([1, 2]).areas[1].h0)).toEqual(new Float64Array(2));
  });

  it("has the gradient of differences under bptt", () => {
    const total = (of: typeof params): number => {
      const learner = bptt(model, of);
      return samples.reduce((n, sample) => n + learner.step(sample).loss, 0);
    };
    const learner = bptt(model, params);
    for (const sample of samples) learner.step(sample);
    const gradient = numbersOf(learner.gradient());
    for (const path of ["areas.0.h0", "areas.1.h0"]) {
      const found = gradient.get(path) as number[];
      found.forEach((g, i) => {
        const moved = (by: number): typeof params =>
          mapTree(params, isTensor, (t: Tensor, at) =>
            at === path
              ? tensor(
                  Array.from(entries(t), (v, j) => v + (i === j ? by : 0)),
                  { shape: t.shape },
                )
              : t,
          ) as typeof params;
        const h = 1e-5;
        // central differences are off by h², and by the rounding of the loss over h
        expect(g).toBeCloseTo((total(moved(h)) - total(moved(-h))) / (2 * h), 7);
        expect(Math.abs(g)).toBeGreaterThan(1e-4);
      });
    }
  });

  it.each(["rfp", "rtrl"] as const)("has the gradient of bptt under %s, on random stacks", (rule) => {
    fc.assert(
      fc.property(learned({ areas: [1, 3] }), ({ model, params, samples }) => {
        checkLearner(rule, model, { params, samples });
      }),
      { numRuns: 25 },
    );
  });

  it("has it on convolutional cells, and with local credit where it is exact", () => {
    const spatial = Object.values(cells).filter((kind) => kind.definition.spatial);
    fc.assert(
      fc.property(learned({ kinds: spatial, areas: [1, 1], units: [1, 2] }), ({ model, params, samples }) => {
        checkLearner("rfp", model, { params, samples });
        checkLearner("rfp", model, { params, samples, credit: "local" });
      }),
      { numRuns: 10 },
    );
  });

  it("has it where bptt takes whole sequences again, and where tbptt has one window", () => {
    for (const [rule, options] of [
      ["bptt", { compile: true }],
      ["tbptt", { window: 6 }],
      ["tbptt", { window: 6, compile: false }],
    ] as const)
      checkLearner(rule, model, { params, samples, ...options });
  });

  it("has it for units that keep to themselves under snap, eprop and rflo", () => {
    const alone = network([cells.leaky({ input: 2, units: 3 })], { start: "learned" });
    const own = randomParams(alone, 2);
    const target = randomSequence(5, { input: [2], target: [3], steps: 6, batch: 2 });
    for (const rule of ["snap", "eprop", "rflo"] as const) {
      const { blocks } = compareLearner(rule, alone, { params: own, samples: target });
      const block = blocks.find(({ path }) => path === "areas.0.h0");
      expect(block?.error).toBeLessThan(1e-10);
    }
  });

  it.each([
    ["uoro", 800],
    ["kfRtrl", 150],
  ] as const)("has it in the mean under %s, over %i seeds", (rule, runs) => {
    const sum = new Map<string, number[]>();
    for (let seed = 0; seed < runs; seed++) {
      const learner = rules[rule].start(model, params, { seed });
      for (const sample of samples.slice(0, 2)) learner.step(sample);
      for (const [path, values] of numbersOf(learner.gradient()))
        sum.set(
          path,
          values.map((v, i) => v / runs + (sum.get(path)?.[i] ?? 0)),
        );
    }
    const short = bptt(model, params);
    for (const sample of samples.slice(0, 2)) short.step(sample);
    for (const path of ["areas.0.h0", "areas.1.h0"]) {
      const { cosine } = blockError(
        Float64Array.from(sum.get(path) as number[]),
        Float64Array.from(numbersOf(short.gradient()).get(path) as number[]),
      );
      // so many runs leave a few tenths of its length to chance; without M(0) the mean would be zero
      expect(cosine).toBeGreaterThan(0.9);
    }
  });

  it("is planned: tied to its unit, a number per unit and stream", () => {
    const { rows } = plan(network([cells.mingru({ input: 2, units: 5 })], { start: "learned" }), {
      batch: 3,
    });
    const row = rows.find(({ parameter }) => parameter === "areas.0.h0");
    expect(row?.tied).toEqual([{ state: 1, parameter: 0 }]);
    expect(row?.bytes).toBe(3 * 5 * 8);
  });

  it("may be any function of parameters", () => {
    const cell = cells.mingru({ input: 2, units: 3 });
    const own = {
      ...cell,
      shapes: { ...cell.shapes, a: [3], b: [3] },
      init: (...args: Parameters<typeof cell.init>) => ({
        ...cell.init(...args),
        a: tensor([0.1, 0.2, 0.3]),
        b: tensor([1, 2, 3]),
      }),
      start: (
        p: Readonly<Record<string, Tensor>>,
        batch: number,
        options: { dtype: "float64" | "float32" },
      ) => ({
        h: add(cell.zeroState(batch, options).h, tanh(mul(p.a, p.b))),
      }),
    };
    const free = network([own as never], { pure: true });
    const target = randomSequence(5, { input: [2], target: [3], steps: 5, batch: 2 });
    checkLearner("rfp", free as Model<Supervised>, { samples: target });
    checkLearner("rtrl", free as Model<Supervised>, { samples: target });
  });

  it("may be of a cell that is an instance of a class, in a model that is one", () => {
    const base = cells.mingru({ input: 2, units: 3 });
    class Own {
      readonly #base = base;
      readonly name = "own";
      readonly pure = true;
      readonly locality = base.locality;
      readonly geometry = base.geometry;
      readonly states = base.states;
      readonly shapes = base.shapes;
      readonly outputShape = base.outputShape;
      init(...args: Parameters<typeof base.init>) {
        return this.#base.init(...args);
      }
      zeroState(...args: Parameters<typeof base.zeroState>) {
        return this.#base.zeroState(...args);
      }
      next(...args: Parameters<typeof base.next>) {
        return this.#base.next(...args);
      }
      output(...args: Parameters<typeof base.output>) {
        return this.#base.output(...args);
      }
    }
    const inner = network([learnedStart(new Own())]);
    class Whole {
      readonly #inner = inner;
      readonly areas = inner.areas;
      readonly detached = false;
      readonly pure = true;
      init(...args: Parameters<typeof inner.init>) {
        return this.#inner.init(...args);
      }
      input(sample: Supervised) {
        return this.#inner.input(sample);
      }
      loss(context: Parameters<typeof inner.loss>[0]) {
        return this.#inner.loss(context);
      }
    }
    const whole: Model<Supervised> = new Whole();
    const target = randomSequence(5, { input: [2], target: [3], steps: 5, batch: 2 });
    checkLearner("rfp", whole, { samples: target });
    const learner = rules.rfp.start(whole, randomParams(whole, 1), { window: 3 });
    for (const sample of target) learner.step(sample);
    expect(learner.inputGradient().map(({ shape }) => shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
  });

  it("is refused in a sentence where it cannot be", () => {
    expect(() => fptt(model, params)).toThrow(RuleError);
    expect(() => fptt(model, params)).toThrow("got a start that depends on parameters; use rfp or bptt");
    expect(() => learnedStart(model.areas[0])).toThrow(ArgumentError);
    const taken = defineCell({
      name: "taken",
      equations: "h' = h0 + h",
      locality: "unit",
      states: ["h"],
      shapes: ({ units }) => ({ h0: [units] }),
      next: (p, { h }) => ({ h: add(p.h0, h) }),
      output: (_, { h }) => h,
    });
    expect(() => learnedStart(taken({ input: 2, units: 2 }))).toThrow(
      "learnedStart: expected a cell without a parameter h0, got taken",
    );
  });
});

import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { ArgumentError } from "../../src/core/errors.js";
import { mul, type Tensor } from "../../src/index.js";
import { type Learner, type Rule, rules, type Supervised, stack } from "../../src/learn/index.js";
import {
  blockError,
  checkLearner,
  compareLearner,
  GradientError,
  randomSequence,
} from "../../src/testing/index.js";

const model = stack<Supervised>([cells.gru({ input: 3, units: 4 })]);

/** bptt with one block of its gradient changed. */
const spoilt = (block: string, change: (g: Tensor) => Tensor): Rule => ({
  ...rules.bptt,
  name: "spoilt",
  start(...args) {
    const learner = rules.bptt.start(...args);
    const gradient = (): ReturnType<typeof learner.gradient> => {
      const found = learner.gradient();
      return { ...found, areas: found.areas.map((area) => ({ ...area, [block]: change(area[block]) })) };
    };
    return new Proxy(learner, {
      get: (target, name) => {
        if (name === "gradient") return gradient;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    }) as Learner<never>;
  },
});

function captured(action: () => unknown): GradientError {
  try {
    action();
  } catch (error) {
    if (error instanceof GradientError) return error;
  }
  throw new Error("expected a GradientError");
}

describe("checkLearner", () => {
  it("passes an exact rule by name or as an object, and reports every block", () => {
    const report = checkLearner("rfp", model);
    expect(report.rule).toBe("rfp");
    expect(report.blocks.map((b) => b.path)).toEqual(
      Object.keys(model.areas[0].shapes).map((k) => `areas.0.${k}`),
    );
    expect(report.worst.error).toBeLessThan(1e-12);
    expect(report.worst.cosine).toBeCloseTo(1, 12);
    expect(report.worst.normRatio).toBeCloseTo(1, 12);
    expect(checkLearner(rules.rtrl, model, { steps: 3, batch: 1, seed: 4 }).rule).toBe("rtrl");
  });

  it("names the worst block of a wrong rule, with error, cosine and norm ratio", () => {
    const rule = spoilt("Un", (g) => mul(g, 1.01));
    expect(() => checkLearner(rule, model)).toThrow(GradientError);
    expect(() => checkLearner(rule, model)).toThrow(
      "checkLearner: spoilt must equal bptt to 1e-10, got a relative error of 1.00e-2 at areas.0.Un (cosine 1.0000, norm ratio 1.0100)",
    );
    const table = captured(() => checkLearner(rule, model))
      .message.split("\n")
      .slice(1);
    expect(table[0]).toMatch(/^ {2}block +error +cosine +norm ratio$/);
    expect(table.slice(1).map((line) => line.trim().split(/ +/)[0])).toEqual(
      Object.keys(model.areas[0].shapes).map((name) => `areas.0.${name}`),
    );
    expect(table.find((line) => line.includes(".Un "))).toMatch(/ 1\.00e-2 +1\.000000 +1\.010000$/);
    expect(captured(() => checkLearner(rule, model)).blocks).toEqual(compareLearner(rule, model).blocks);
    checkLearner(rule, model, { tolerance: 0.02 });
    const { worst, blocks } = compareLearner(rule, model);
    expect(worst.path).toBe("areas.0.Un");
    expect(blocks.filter((b) => b.error > 0)).toEqual([worst]);
  });

  it("notices an error of one part in a thousand million, a sign and a number that is none", () => {
    for (const change of [
      (g: Tensor) => mul(g, 1 + 1e-9),
      (g: Tensor) => mul(g, -1),
      (g: Tensor) => mul(g, Number.NaN),
    ])
      expect(() => checkLearner(spoilt("bz", change), model)).toThrow("at areas.0.bz");
  });

  it("lets a rule leave out what it declares negligible, and no more", () => {
    const without = spoilt("bz", (g) => mul(g, 0));
    expect(() => checkLearner(without, model)).toThrow("at areas.0.bz");
    expect(() => checkLearner({ ...without, negligible: 1e-12 }, model)).toThrow("at areas.0.bz");
    // every block counts as zero beside a hundred times the largest
    checkLearner({ ...without, negligible: 100 }, model);
  });

  it("takes samples and parameters of one's own", () => {
    const samples = randomSequence(3, { input: [3], target: [4], steps: 4, batch: 1 });
    const params = model.init([1, 2]);
    const twice = [
      checkLearner("rfp", model, { params, samples }),
      checkLearner("rfp", model, { params, samples }),
    ];
    expect(twice[0]).toEqual(twice[1]);
    // U is idle in the first step
    const { blocks } = compareLearner(
      spoilt("Un", (g) => g.add(0.5)),
      model,
      { samples: samples.slice(0, 1) },
    );
    expect(blocks.find((b) => b.path === "areas.0.Un")?.error).toBe(0.5);
  });

  it("refuses an empty sequence and an unknown rule", () => {
    expect(() => checkLearner("rfp", model, { samples: [] })).toThrow(ArgumentError);
    expect(() => checkLearner("rpf", model)).toThrow(/^rule: expected one of .*rfp.*, got "rpf"$/);
  });
});

describe("blockError", () => {
  it("is relative to the largest number expected, absolute for zeros", () => {
    expect(blockError([1, 2.2], [1, 2]).error).toBeCloseTo(0.1, 12);
    expect(blockError([0, 0.25], [0, 0]).error).toBe(0.25);
    expect(blockError([0, 0], [0, 0])).toEqual({ error: 0, cosine: 1, normRatio: 1 });
    expect(blockError([Number.NaN], [1]).error).toBe(Number.POSITIVE_INFINITY);
    expect(blockError([1], [Number.POSITIVE_INFINITY]).error).toBe(Number.POSITIVE_INFINITY);
  });

  it("tells direction and length apart, also of tiny gradients", () => {
    expect(blockError([0, 3e-200], [4e-200, 0])).toMatchObject({ cosine: 0, normRatio: 0.75 });
    expect(blockError([-2, 0], [1, 0])).toMatchObject({ cosine: -1, normRatio: 2 });
    expect(blockError([0], [1]).normRatio).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { cellNamed, defineCell, drive } from "../../src/cells/index.js";
import { leavesOf } from "../../src/core/tree.js";
import { add, isTensor, mul, sum, type Tensor, tensor } from "../../src/index.js";
import { bptt, type ModelParams, ruleNamed, type Supervised, stack } from "../../src/learn/index.js";
import { randomParams, randomSequence } from "../../src/testing/index.js";

const blocksOf = (gradient: ModelParams): number[][] =>
  leavesOf<Tensor>(gradient, isTensor).map(({ value }) => [...value.toTypedArray()]);

/** A few dozen roundings of numbers of size one. */
const rounding = 1e-12;

/** What a random rule gives under the signs that it may draw, all equally likely: every outcome once. */
function outcomes(gradients: readonly (readonly number[])[]): (readonly number[])[] {
  const found: (readonly number[])[] = [];
  for (const next of gradients) {
    const size = Math.max(1, ...next.map(Math.abs));
    if (!found.some((g) => g.every((v, i) => Math.abs(v - next[i]) < rounding * size))) found.push(next);
  }
  return found;
}

const meanOf = (found: readonly (readonly number[])[]): number[] =>
  found[0].map((_, i) => found.reduce((s, g) => s + g[i], 0) / found.length);

/** Seeds are fixed; of 8 outcomes one stays away from 100 of them once in 1e5 times, of 2 never. */
const seeds = Array.from({ length: 100 }, (_, seed) => seed);

const gradient = (rule: string, given: ReturnType<typeof randomCase>, seed = 0): number[][] => {
  const learner = ruleNamed(rule).start(given.model, given.params, { seed });
  for (const sample of given.samples) learner.step(sample);
  return blocksOf(learner.gradient());
};

function randomCase(names: readonly string[], units: number, steps: number) {
  const model = stack<Supervised>(
    names.map((name, b) => cellNamed(name)({ input: b === 0 ? 2 : units, units })),
  );
  const sizes = { input: [2], target: [units], steps, batch: 1 };
  return { model, params: randomParams(model, 1), samples: randomSequence(1, sizes) };
}

/** Where signs are few, their mean is no estimate: a coefficient that is off by little shows as it would in an exact rule. */
describe("the mean over all signs is the gradient, to rounding", () => {
  const expectMean = (mean: readonly number[], exact: readonly number[]): void => {
    const size = Math.max(1, ...exact.map(Math.abs));
    mean.forEach((v, i) => expect(Math.abs(v - exact[i]) / size).toBeLessThan(rounding));
  };

  // one sign per state and step; all of them turned around give the same product
  it.each([
    [["leaky"], 3, 4],
    [["vanilla"], 3, 4],
    [["lru"], 2, 8],
    [["leaky", "vanilla"], 2, 8],
    [["gru", "mingru"], 2, 8],
  ] as const)("of uoro on %s", (names, steps, count) => {
    const given = randomCase(names, 1, steps);
    const found = outcomes(seeds.map((seed) => gradient("uoro", given, seed).flat()));
    expect(found).toHaveLength(count);
    expectMean(meanOf(found), gradient("bptt", given).flat());
  });

  // one sign per block: whether the second step's is that of the first
  it.each([
    [["leaky"], 1],
    [["gru"], 2],
    [["lru"], 2],
    [["mingru", "leaky"], 2],
    // a loss that two areas hear of: the output of an eLSTM reads its input
    [["leaky", "elstm"], 2],
    [["leaky", "elstm", "vanilla"], 2],
  ] as const)("of kfRtrl on %s with %i units", (names, units) => {
    const given = randomCase(names, units, 2);
    const drawn = seeds.slice(0, 40).map((seed) => gradient("kfRtrl", given, seed));
    const counts = gradient("bptt", given).map((exact, k) => {
      const found = outcomes(drawn.map((blocks) => blocks[k]));
      expectMean(meanOf(found), exact);
      return found.length;
    });
    // what only outputs read is told exactly, and so may be what meets one number, such as a bias
    expect(Math.max(...counts)).toBe(2);
  });
});

/** One state has one sign in its first step, and the product of a sign with itself is one: nothing is random yet. */
it.each(["uoro", "kfRtrl"])("%s starts afresh after a reset: its first step is exact", (rule) => {
  const { model, params, samples } = randomCase(["leaky"], 1, 4);
  const [learner, oracle] = [rule, "bptt"].map((name) => ruleNamed(name).start(model, params));
  for (const sample of samples.slice(0, 3)) learner.step(sample);
  learner.reset();
  for (const each of [learner, oracle]) each.step(samples[3]);
  const [got, want] = [learner, oracle].map((each) => blocksOf(each.gradient()).flat());
  got.forEach((v, i) => expect(Math.abs(v - want[i])).toBeLessThan(rounding));
});

describe("the products of a random rule are balanced", () => {
  const half = defineCell({
    name: "half",
    equations: "h' = h/2 + W x",
    pure: true,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units: n }) => ({ W: [n, ...input] }),
    next: (p, { h }, x) => ({ h: add(mul(h, 0.5), drive(x, p.W)) }),
    output: (_, { h }) => h,
  });
  const model = stack<Supervised>([half({ input: 1, units: 1 })], {
    loss: ({ now }) => sum(now.outputs[0]),
    pure: true,
  });

  /**
   * With x and y as inputs the gradient is 3/2 x + y. The sum of x/2 and y as a product leaves a r + b / r beside them, a and b
   * of the product x y / 2; least, 2 √(x y / 2), where the factors of the past are as large as each other, and so are the new ones.
   */
  it.each(["uoro", "kfRtrl"])("of %s, so that its variance is least", (rule) => {
    for (const [x, y] of [
      [1, 1],
      [3, 5],
      [1e4, 2],
      [1, 1e-3],
    ]) {
      const samples = [x, y].map((v) => ({ input: tensor([[v]]), target: tensor([[0]]) }));
      const given = { model, params: randomParams(model, 1), samples };
      const found = outcomes(seeds.map((seed) => gradient(rule, given, seed).flat())).flat();
      expect(found).toHaveLength(2);
      const [low, high] = found.sort((a, b) => a - b);
      expect((low + high) / 2 / (1.5 * x + y)).toBeCloseTo(1, 12);
      expect((high - low) / 2 / Math.sqrt(2 * x * y)).toBeCloseTo(1, 12);
    }
  });

  it("is told by the oracle that it is held against", () => {
    const learner = bptt(model, randomParams(model, 1));
    for (const v of [3, 5]) learner.step({ input: tensor([[v]]), target: tensor([[0]]) });
    expect(blocksOf(learner.gradient())).toEqual([[1.5 * 3 + 5]]);
  });
});

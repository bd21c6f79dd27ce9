import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError } from "../../src/core/errors.js";
import { type DType, type Tensor, tensor } from "../../src/index.js";
import { adam, clipByNorm, sgd, warmupCosine } from "../../src/nn/index.js";

const t = (x: number[], dtype: DType = "float64"): Tensor => tensor(x, { dtype });
const numbers = (x: Tensor): number[] => [...x.toTypedArray()];
/** Relative: rounding of a few operations on float64, or what float32 keeps of it. */
const close = (got: number[], want: number[], part = 1e-14): void => {
  expect(got).toHaveLength(want.length);
  got.forEach((v, i) => {
    expect(Math.abs(v - want[i])).toBeLessThanOrEqual(part * Math.abs(want[i]));
  });
};

describe("clipByNorm", () => {
  it.each([
    [[3, 4], 1, 5, [0.6, 0.8]],
    [[3e155, 4e155], 1e154, 5e155, [0.6e154, 0.8e154]],
    [[3e200, 4e200], 1, 5e200, [0.6, 0.8]],
    [[3e-200, 4e-200], 1e-200, 5e-200, [0.6e-200, 0.8e-200]],
    [[3e-160, 4e-160], 1, 5e-160, [3e-160, 4e-160]],
    [[0, 0], 0, 0, [0, 0]],
    [[3, 4], 0, 5, [0, 0]],
    [[3, 4], Number.POSITIVE_INFINITY, 5, [3, 4]],
  ])("of %j at %d has the norm %d", (g, limit, norm, want) => {
    const found = clipByNorm({ a: t(g.slice(0, 1)), b: [t(g.slice(1))] }, limit);
    close([found.norm], [norm]);
    close([...numbers(found.gradient.a), ...numbers(found.gradient.b[0])], want);
  });
  it("keeps float32, whose squares fit into float64", () => {
    const found = clipByNorm(t([3e30, 4e30], "float32"), 1);
    expect(found.gradient.dtype).toBe("float32");
    close(numbers(found.gradient), [0.6, 0.8], 1e-7);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("hands back what holds %d, with its norm", (v) => {
    const gradient = t([1, v]);
    const found = clipByNorm(gradient, 1);
    expect(found.gradient).toBe(gradient);
    expect(found.norm).toBe(v);
  });
  it("refuses limits that are none, and integers", () => {
    for (const limit of [-1, Number.NaN])
      expect(() => clipByNorm(t([3, 4]), limit)).toThrow(
        `clipByNorm: expected the limit to be a number of at least 0, got ${limit}`,
      );
    for (const dtype of ["int32", "bool"] as const)
      expect(() => clipByNorm({ a: t([1, 1], dtype) }, 0.5)).toThrow(
        new DTypeError(`clipByNorm: expected float tensors, got ${dtype} at "a"`),
      );
  });
});

describe("adam", () => {
  it("takes steps of Kingma & Ba's algorithm 1", () => {
    const { update } = adam({ rate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 });
    let [x, m, v] = [1, 0, 0];
    let found = t([1]);
    for (const [k, g] of [2, -1, 0.5, 3].entries()) {
      found = update(found, t([g]));
      m = 0.8 * m + 0.2 * g;
      v = 0.9 * v + 0.1 * g * g;
      x -= (0.1 * (m / (1 - 0.8 ** (k + 1)))) / (Math.sqrt(v / (1 - 0.9 ** (k + 1))) + 1e-3);
      close(numbers(found), [x]);
    }
  });
  it("refuses a gradient whose square is infinite, and goes on as if it had not come", () => {
    const [one, other] = [adam({ rate: 0.1 }), adam({ rate: 0.1 })];
    expect(() => one.update({ a: t([1]) }, { a: t([1e160]) })).toThrow(ArgumentError);
    expect(() => one.update({ a: t([1]) }, { a: t([1e160]) })).toThrow(
      'adam: expected a gradient whose squares are finite, got 1e+160 at "a"; clip it first, by clipByNorm',
    );
    const [a, b] = [one, other].map(({ update }) => update({ a: t([1]) }, { a: t([2]) }).a);
    expect(numbers(a)).toEqual(numbers(b));
  });
  it.each([0, -1, Number.NaN])("refuses an epsilon of %d", (epsilon) => {
    expect(() => adam({ rate: 0.1, epsilon })).toThrow(
      `adam: expected epsilon to be a finite number above 0, got ${epsilon}`,
    );
  });
});

describe("a rate", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("is never %d", (v) => {
    const wrong = [{ rate: () => v }, { rate: 1, scale: () => v }];
    for (const options of wrong)
      for (const make of [sgd, adam])
        expect(() => make(options).update(t([1]), t([1]))).toThrow(ArgumentError);
  });
  it("warms up, and falls to zero at the end", () => {
    const rate = warmupCosine(2, 4, 10) as (update: number) => number;
    close([0, 1, 3, 4, 7].map(rate), [0.5, 1, 2, 2, 1]);
    expect(rate(10)).toBe(0);
    expect(rate(99)).toBe(0);
  });
  it.each([
    [1.5, 3],
    [5, 3],
    [-2, 10],
    [1, 2.5],
  ])("does not warm up over %d of %d updates", (warmup, total) => {
    expect(() => warmupCosine(1, warmup, total)).toThrow(
      /^warmupCosine: expected the (warm-up|total) to be a whole/,
    );
  });
});

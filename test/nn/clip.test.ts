import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError } from "../../src/core/errors.js";
import { compile, type DType, debug, grad, type Tensor, tensor, zeros } from "../../src/index.js";
import { clipByNorm } from "../../src/nn/index.js";

const t = (x: number[], dtype: DType = "float64"): Tensor => tensor(x, { dtype });
const numbers = (x: Tensor): number[] => [...x.toTypedArray()];
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
    close([found.norm.item()], [norm]);
    close([...numbers(found.gradient.a), ...numbers(found.gradient.b[0])], want);
  });
  it("keeps float32, whose squares fit into float64", () => {
    const found = clipByNorm(t([3e30, 4e30], "float32"), 1);
    expect(found.gradient.dtype).toBe("float32");
    close(numbers(found.gradient), [0.6, 0.8], 1e-7);
  });
  it("leaves a gradient within the limit as it is, to the bit, and an empty one", () => {
    const gradient = { a: t([0.1, -0]), b: t([1e-310]), c: zeros([0, 2]) };
    const { gradient: found, norm } = clipByNorm(gradient, 1);
    expect(numbers(found.a)).toEqual([0.1, -0]);
    expect(numbers(found.b)).toEqual([1e-310]);
    expect(found.c.shape).toEqual([0, 2]);
    expect(norm.item()).toBe(0.1);
    expect(clipByNorm({}, 1).norm.item()).toBe(0);
  });
  it("computes no NaN on the way, whatever the limit", () => {
    for (const limit of [0, 1, 1e300, Number.POSITIVE_INFINITY])
      for (const g of [
        [0, 0],
        [3e200, 0],
        [5e-324, 0],
      ])
        expect(debug.nans(() => numbers(clipByNorm(t(g), limit).gradient)).some(Number.isNaN)).toBe(false);
  });
  it.each([
    [Number.NaN, 'clipByNorm: expected a gradient of finite numbers, got NaN at "b"'],
    [Number.NEGATIVE_INFINITY, 'clipByNorm: expected a gradient of finite numbers, got -Infinity at "b"'],
    [1.7e308, "clipByNorm: expected a gradient whose norm is finite, got one beyond float64"],
  ])("refuses a gradient that holds %d, also within a transformation", (v, sentence) => {
    const act = (b: Tensor) => clipByNorm({ a: t([1.7e308]), b }, 1).gradient.b.sum();
    expect(() => act(t([v]))).toThrow(new ArgumentError(sentence));
    expect(() => grad(act)(t([v]))).toThrow(new ArgumentError(sentence));
  });
  it("is replayed by compile, which refuses what is not finite as well", () => {
    let calls = 0;
    const clipped = compile((g: Tensor) => {
      calls++;
      return clipByNorm(g, 1);
    });
    for (let k = 0; k < 12; k++) {
      // within the limit and beyond it, and zero
      const g = t([0.3 * k, -0.1 * k]);
      const [found, want] = [clipped(g), clipByNorm(g, 1)];
      close(numbers(found.gradient), numbers(want.gradient));
      close([found.norm.item()], [want.norm.item()]);
    }
    expect(calls).toBe(2);
    expect(() => clipped(t([Number.NaN, 1]))).toThrow("expected a gradient of finite numbers, got NaN");
  });
  it("has derivatives: none across the limit's sphere, and those of the gradient within it", () => {
    const clippedBy = (limit: number) => (g: Tensor) =>
      clipByNorm(g, limit)
        .gradient.mul(t([2, 5]))
        .sum();
    // d/dg of c.g/|g|: (c - g (c.g) / |g|²) / |g|
    close(numbers(grad(clippedBy(1))(t([3, 4]))), [(2 - (3 * 26) / 25) / 5, (5 - (4 * 26) / 25) / 5], 1e-13);
    expect(numbers(grad(clippedBy(9))(t([3, 4])))).toEqual([2, 5]);
    expect(numbers(grad(clippedBy(9))(t([0, 0])))).toEqual([2, 5]);
    close(numbers(grad((g: Tensor) => clipByNorm(g, 1).norm)(t([3e200, 4e200]))), [0.6, 0.8], 1e-15);
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

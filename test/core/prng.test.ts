import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../src/core/errors.js";
import {
  bits,
  foldIn,
  integers,
  key,
  normal,
  permutation,
  split,
  threefry,
  uniform,
} from "../../src/core/prng.js";

describe("threefry", () => {
  // known answers of the Random123 library for threefry2x32 with 20 rounds: counter, key, result
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)("of counter %j under key %j is %j", ([c0, c1], k, expected) => {
    expect(threefry(k, c0, c1)).toEqual(expected);
  });
});

describe("random numbers", () => {
  const n = 20_000;
  const mean = (x: ArrayLike<number>): number => Array.from(x).reduce((a, b) => a + b, 0) / x.length;

  it("are the same for the same key, and others for another", () => {
    expect(normal(key(3), 5)).toEqual(normal(key(3), 5));
    expect(normal(key(3), 5)).not.toEqual(normal(key(4), 5));
    expect(uniform(key(2 ** 40), 3)).not.toEqual(uniform(key(0), 3));
  });

  it("do not depend on how many are asked for", () => {
    expect(uniform(key(1), 7).subarray(0, 4)).toEqual(uniform(key(1), 4));
    expect(bits(key(1), 7).subarray(0, 3)).toEqual(bits(key(1), 3));
  });

  it("have the moments of their distribution", () => {
    // four standard errors of the mean of n numbers
    const u = uniform(key(5), n);
    expect(Math.abs(mean(u) - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / n));
    expect(u.every((v) => v >= 0 && v < 1)).toBe(true);
    const z = normal(key(6), n);
    expect(Math.abs(mean(z))).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(mean(z.map((v) => v * v)) - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    expect(Math.abs(mean(z.map((v) => v ** 4)) - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
  });

  it("of derived keys are not correlated", () => {
    const [a, b] = split(key(7)).map((k) => normal(k, n));
    const c = normal(foldIn(key(7), 1), n);
    const d = normal(foldIn(key(7), "1"), n);
    for (const [x, y] of [
      [a, b],
      [a, c],
      [c, d],
    ])
      expect(Math.abs(mean(x.map((v, i) => v * y[i])))).toBeLessThan(4 / Math.sqrt(n));
  });

  it("folds names and numbers into distinct keys", () => {
    const keys = ["", "a", "aa", "b", 0, 1, 2 ** 33, "0"].map((d) => foldIn(key(1), d).join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("permutes", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(), (count, seed) => {
        expect([...permutation(key(seed), count)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, i) => i),
        );
      }),
    );
    const first = new Int32Array(4);
    for (let s = 0; s < 4000; s++) first[permutation(key(s), 4)[0]]++;
    first.forEach((count) => expect(Math.abs(count - 1000)).toBeLessThan(4 * Math.sqrt(750)));
  });

  it("stay in the range that was asked for", () => {
    const found = new Set(integers(key(2), 1000, -2, 3));
    expect([...found].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
    expect(() => integers(key(2), 1, 3, 3)).toThrow(ArgumentError);
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 60])("refuse the seed %d", (seed) => {
    expect(() => key(seed)).toThrow(/random.key: expected a whole number of at least 0/);
  });
});

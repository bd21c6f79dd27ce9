import { describe, expect, it } from "vitest";
import { kolmogorovSmirnov, scanpathStatistics } from "../../src/data/index.js";

const path = (...fixations: number[]) => ({
  fixations: Float64Array.from(fixations),
  width: 300,
  height: 400,
});

describe("statistics of scanpaths", () => {
  it("are lengths over the diagonal, spread over the sides, and returns", () => {
    const found = scanpathStatistics([path(0, 0, 300, 400, 0, 10), path(150, 200, 150, 300)]);
    expect([...found.lengths]).toEqual([0.2, Math.hypot(300, 390) / 500, 1]);
    expect(found.quartiles[1]).toBe(Math.hypot(300, 390) / 500);
    // x / width: 0, 1, 0, 0.5, 0.5
    expect(found.spread[0]).toBeCloseTo(Math.sqrt(1.5 / 5 - 0.4 ** 2), 12);
    expect(found.returns).toBeCloseTo(1 / 3, 12);
  });

  it("of a single fixation know no length", () => {
    const { lengths, quartiles, returns } = scanpathStatistics([path(1, 2)]);
    expect([lengths.length, ...quartiles, returns]).toEqual([0, Number.NaN, Number.NaN, Number.NaN, 0]);
  });

  it("refuse what is no path in one sentence", () => {
    expect(() => scanpathStatistics([])).toThrow(/^scanpathStatistics: expected at least 1 in paths, got 0$/);
    expect(() => scanpathStatistics([path(1, 2, 3)])).toThrow(
      /^scanpathStatistics: expected fixations \[T, 2\] of finite numbers in paths\[0\], got 3 numbers$/,
    );
  });
});

describe("the distance of Kolmogorov and Smirnov", () => {
  it("is the largest gap of the distribution functions", () => {
    expect(kolmogorovSmirnov([3, 1, 2], [1, 2, 3])).toBe(0);
    expect(kolmogorovSmirnov([1, 2], [3, 4, 5])).toBe(1);
    expect(kolmogorovSmirnov([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
    expect(kolmogorovSmirnov([1, 1, 1, 2], Float64Array.of(1, 2, 2, 2))).toBe(0.5);
  });

  it("refuses samples without numbers", () => {
    expect(() => kolmogorovSmirnov([], [1])).toThrow(/expected at least 1 in the first sample, got 0$/);
    expect(() => kolmogorovSmirnov([1], [Number.NaN])).toThrow(
      /the second sample\[0\] to be a finite number/,
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key, uniform } from "../../src/core/prng.js";
import { retina } from "../../src/data/index.js";

const colors = (seed: number, n: number): Float32Array =>
  Float32Array.from(uniform(key(seed), n), (u) => 255 * u);

/** One crop as the formulas say it, [5, P, P]. */
function slowly(crop: Float32Array, size: number): number[][] {
  const plane = size * size;
  const [r, g, b] = [0, 1, 2].map((c) => crop.subarray(c * plane, (c + 1) * plane));
  const normalized = (of: (i: number) => number, eps: number): number[] => {
    const values = Array.from({ length: plane }, (_, i) => of(i));
    const mean = values.reduce((a, v) => a + v, 0) / plane;
    const square = values.reduce((a, v) => a + (v - mean) ** 2, 0) / plane;
    return values.map((v) => (v - mean) / Math.sqrt(square + eps ** 2));
  };
  const light = normalized((i) => (r[i] + g[i] + b[i]) / 3, 8);
  const near = (i: number): number => Math.min(Math.max(i, 0), size - 1);
  const hp = light.map((v, i) => {
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++)
      for (let dx = -1; dx <= 1; dx++)
        sum += light[near(Math.floor(i / size) + dy) * size + near((i % size) + dx)];
    return v - sum / 9;
  });
  return [
    light,
    normalized((i) => 0.7 * (r[i] - g[i]), 6),
    normalized((i) => 0.4 * (r[i] + g[i] - 2 * b[i]), 6),
    hp.map((v) => Math.max(2 * v, 0)),
    hp.map((v) => Math.max(-2 * v, 0)),
  ];
}

describe("the retina", () => {
  it.each([
    [1, 1, 1],
    [2, 3, 4],
    [3, 2, 7],
    [1, 3, 16],
  ])("gives of %d fixations of %d crops of side %d what its formulas say", (count, scales, size) => {
    const plane = size * size;
    const crops = colors(count, count * scales * 3 * plane);
    const got = retina(crops, count, scales, size);
    expect(got.length).toBe(count * scales * 5 * plane);
    const channel = (n: number, c: number): Float32Array =>
      got.subarray((5 * scales * n + c) * plane, (5 * scales * n + c + 1) * plane);
    for (let n = 0; n < count; n++)
      for (let s = 0; s < scales; s++) {
        const at = (n * scales + s) * 3 * plane;
        const expected = slowly(crops.subarray(at, at + 3 * plane), size);
        [3 * s, 3 * s + 1, 3 * s + 2, 3 * scales + 2 * s, 3 * scales + 2 * s + 1].forEach((c, i) =>
          channel(n, c).forEach((v, j) => expect(v).toBeCloseTo(expected[i][j], 5)),
        );
      }
  });

  it("gives zeros for a constant patch, exactly", () => {
    const value = fc.float({ min: 0, max: 255, noNaN: true });
    fc.assert(
      fc.property(value, value, value, fc.integer({ min: 1, max: 9 }), (r, g, b, size) => {
        const crops = Float32Array.from(
          { length: 3 * size * size },
          (_, i) => [r, g, b][Math.floor(i / size / size)],
        );
        expect(retina(crops, 1, 1, size)).toEqual(new Float32Array(5 * size * size));
      }),
    );
  });

  it("keeps its digits where all is bright", () => {
    // 1e-2 of contrast on a large mean: a mean of squares less a squared mean would lose them
    const size = 16;
    const small = colors(4, 3 * size * size).map((v) => v / 25500);
    const bright = small.map((v) => v + 240);
    const exact = bright.map((v) => v - 240);
    const [a, b] = [retina(bright, 1, 1, size), retina(exact, 1, 1, size)];
    a.forEach((v, i) => expect(Math.abs(v - b[i])).toBeLessThan(1e-9));
  });

  it("has ON and OFF that are nowhere both above zero, and a mean square below 1", () => {
    const [n, scales, size] = [4, 3, 8];
    const got = retina(colors(8, n * scales * 3 * size * size), n, scales, size);
    const plane = size * size;
    for (let k = 0; k < n; k++)
      for (let c = 0; c < 3 * scales; c++) {
        const channel = got.subarray((5 * scales * k + c) * plane, (5 * scales * k + c + 1) * plane);
        expect(channel.reduce((a, v) => a + v * v, 0) / plane).toBeLessThan(1);
        const [s, part] = [Math.floor(c / 3), c % 3];
        if (part === 2) continue;
        const on = (5 * scales * k + 3 * scales + 2 * s) * plane;
        for (let i = on; i < on + plane; i++) {
          expect(Math.min(got[i], got[i + plane])).toBe(0);
          expect(Math.max(got[i], got[i + plane])).toBeGreaterThanOrEqual(0);
        }
      }
  });

  it("says in one sentence what does not fit", () => {
    expect(() => retina(new Float32Array(13), 1, 1, 2)).toThrow(
      "retina: expected 12 numbers of [1, 1, 3, 2, 2], got 13",
    );
    expect(() => retina([1] as never, 1, 1, 2)).toThrow(/the crops to be a Float32Array, got an array/);
    expect(() => retina(new Float32Array(0), -1, 1, 2)).toThrow(/count to be a whole number of at least 0/);
    expect(retina(new Float32Array(0), 0, 3, 16)).toEqual(new Float32Array(0));
  });
});

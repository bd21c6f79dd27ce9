import { describe, expect, it } from "vitest";
import { enlarge } from "../../src/data/enlarge.js";

describe("an image is enlarged", () => {
  const of = (width: number, height: number, value: (x: number, y: number) => number) => ({
    name: "a",
    width,
    height,
    data: Uint8Array.from(
      { length: 3 * width * height },
      (_, i) => value(Math.floor(i / 3) % width, Math.floor(i / 3 / width)) + (i % 3),
    ),
  });

  it("linearly between the centers of its pixels, and constant beyond", () => {
    // planes are linear, so that only rounding and the edges differ
    const plane = (x: number, y: number): number => 20 * x + 8 * y;
    const { width, height, data } = enlarge(of(5, 3, plane), 4);
    expect([width, height]).toEqual([20, 12]);
    const within = (v: number, n: number): number => Math.min(n - 1, Math.max(0, v));
    for (let y = 0; y < 12; y++)
      for (let x = 0; x < 20; x++)
        for (let c = 0; c < 3; c++) {
          const expected = plane(within((x + 0.5) / 4 - 0.5, 5), within((y + 0.5) / 4 - 0.5, 3)) + c;
          expect(Math.abs(data[3 * (20 * y + x) + c] - expected)).toBeLessThanOrEqual(0.5);
        }
  });

  it("not at all by a factor of 1", () => {
    const image = of(2, 2, (x) => x);
    expect(enlarge(image, 1)).toBe(image);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "../../src/core/errors.js";
import { key } from "../../src/core/prng.js";
import { cutCrops, type Image, pyramid, scene } from "../../src/data/index.js";
import { pyramidBytes } from "../../src/data/pyramid.js";
import { noise } from "../support/images.js";

/** The mean of the image's pixels that lie in a pixel of a level. */
function meanOf({ width, height, data }: Image, k: number, x: number, y: number, c: number): number {
  let [sum, n] = [0, 0];
  for (let j = y * 2 ** k; j < Math.min((y + 1) * 2 ** k, height); j++)
    for (let i = x * 2 ** k; i < Math.min((x + 1) * 2 ** k, width); i++, n++)
      sum += data[3 * (j * width + i) + c];
  return sum / n;
}

describe("pyramids", () => {
  it("hold in each pixel the mean of the image's pixels there, at odd edges too", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 1, max: 70 }),
        fc.nat(),
        (w, h, seed) => {
          const image = noise(w, h, seed);
          const { levels } = pyramid(image);
          levels.forEach((level, k) => {
            expect([level.width, level.height]).toEqual([Math.ceil(w / 2 ** k), Math.ceil(h / 2 ** k)]);
            let most = 0;
            level.data.forEach((value, at) => {
              const pixel = Math.floor(at / 3);
              const [x, y] = [pixel % level.width, Math.floor(pixel / level.width)];
              most = Math.max(most, Math.abs(value - meanOf(image, k, x, y, at % 3)));
            });
            // rounded once, from a mean in float32
            expect(most).toBeLessThanOrEqual(0.5 + 1e-4);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it.each([
    [800, 600, [800, 400, 200, 100, 50, 25, 13]],
    [33, 31, [33, 17, 9]],
    [31, 200, [31, 16, 8]],
    [15, 15, [15, 8]],
    [14, 300, [14]],
    [1, 1, [1]],
  ])("of %d x %d pixels go down while the shorter side has 8", (width, height, widths) => {
    const made = pyramid({ name: "made", width, height, data: new Uint8Array(3 * width * height) });
    const shorter = made.levels.map((l) => Math.min(l.width, l.height));
    expect(made.levels.map((l) => l.width)).toEqual(widths);
    expect(shorter.slice(1).every((n) => n >= 8)).toBe(true);
    expect(made.levels.reduce((sum, l) => sum + l.data.length, 0)).toBe(pyramidBytes(width, height));
  });

  it("share the image's data, and say in one sentence what is wrong with one", () => {
    const image = scene(key(1), 40, 30, "s");
    const made = pyramid(image);
    expect(made.levels[0].data).toBe(image.data);
    const levels = [made.levels[0], made.levels[0]];
    const cut = (broken: object): void =>
      cutCrops({ ...made, ...broken }, 1, 1, { crops: [8], size: 2 }, {}, new Float32Array(12), 0);
    expect(() => cut({ levels })).toThrow(
      new DataError(
        "cutCrops: expected level 1 of the pyramid to halve 40 x 30 pixels 1 times, got 3600 bytes of 40 x 30",
      ),
    );
    expect(() => cut({ levels: [] })).toThrow(/at least 1 in the pyramid.levels, got 0/);
  });
});

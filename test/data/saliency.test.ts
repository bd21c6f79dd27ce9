import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { foldIn, key } from "../../src/core/prng.js";
import {
  type Image,
  kolmogorovSmirnov,
  readImage,
  readScanpaths,
  referencesFromScenes,
  saliencyMap,
  samplers,
  scanpathStatistics,
  scene,
} from "../../src/data/index.js";

const { saliency } = samplers;

/** A gray image with a bright disk at shares of its sides. */
function blob(width: number, height: number, x: number, y: number): Image {
  const data = new Uint8Array(3 * width * height).fill(80);
  for (let j = 0; j < height; j++)
    for (let i = 0; i < width; i++)
      if (Math.hypot(i - x * width, j - y * height) < 0.04 * width)
        data.fill(240, 3 * (j * width + i), 3 * (j * width + i) + 3);
  return { name: "blob", width, height, data };
}
const flat = (width: number, height: number): Image => ({
  name: "flat",
  width,
  height,
  data: new Uint8Array(3 * width * height).fill(77),
});

describe("the saliency map", () => {
  it.each([
    [0.25, 0.3],
    [0.7, 0.6],
  ])("is high on a lone bright blob at (%d, %d)", (x, y) => {
    const { columns, rows, values } = saliencyMap(blob(320, 240, x, y));
    expect([columns, rows]).toEqual([48, 36]);
    const at = values.indexOf(Math.max(...values));
    expect(Math.abs(((at % columns) + 0.5) / columns - x)).toBeLessThan(0.08);
    expect(Math.abs((Math.floor(at / columns) + 0.5) / rows - y)).toBeLessThan(0.08);
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeLessThan(0.2);
  });

  it.each([
    [1, 1],
    [3, 200],
    [320, 240],
  ])("is 0 on a flat image of %d x %d", (width, height) => {
    expect(saliencyMap(flat(width, height)).values.every((v) => v === 0)).toBe(true);
  });

  it("refuses what is no image in one sentence", () => {
    expect(() => saliencyMap({ ...flat(4, 4), width: 5 })).toThrow(
      /^saliencyMap: expected 60 bytes of 5 x 4 pixels in the image, got 48$/,
    );
  });
});

describe("the sampler saliency", () => {
  it("looks at a blob more often than without it, and at the same places for the same key", () => {
    const near = (image: Image): number => {
      let n = 0;
      for (let s = 0; s < 20; s++) {
        const at = saliency(key(s), 8, 320, 240, image);
        expect(saliency(key(s), 8, 320, 240, image)).toEqual(at);
        for (let t = 0; t < 8; t++) if (Math.hypot(at[2 * t] - 80, at[2 * t + 1] - 72) < 40) n++;
      }
      return n;
    };
    expect(near(blob(320, 240, 0.25, 0.3))).toBeGreaterThan(1.5 * near(flat(320, 240)));
  });

  it.each([
    [1, 1],
    [2, 300],
    [300, 7],
  ])("stays within an image of %d x %d", (width, height) => {
    const at = saliency(key(1), 30, width, height, flat(width, height));
    expect(at.every((v, i) => v >= 0 && v <= (i % 2 === 0 ? width : height))).toBe(true);
  });

  it("gives saccades the lengths of their density", () => {
    // Gamma(1.06, 0.134) by summing its density up, at evenly spaced probabilities
    const step = 1e-4;
    const density = Array.from({ length: 20_000 }, (_, i) => {
      const r = (i + 0.5) * step;
      return r ** 0.06 * Math.exp(-r / 0.134);
    });
    const total = density.reduce((a, b) => a + b, 0);
    const intended: number[] = [];
    let below = 0;
    for (const [i, p] of density.entries()) {
      below += p / total;
      while ((intended.length + 0.5) / 2000 < below) intended.push((i + 0.5) * step);
    }
    const scenes = [1, 2, 3].map((i) => scene(key(i), 160, 120, "s"));
    const paths = Array.from({ length: 90 }, (_, i) => ({
      fixations: saliency(key(i), 15, 160, 120, scenes[i % 3]),
      width: 160,
      height: 120,
    }));
    expect(kolmogorovSmirnov(scanpathStatistics(paths).lengths, intended)).toBeLessThan(0.07);
  });

  it("is offered to data sets, and refuses a missing image or one of another size", () => {
    const options = {
      count: 1,
      viewers: 2,
      width: 64,
      height: 48,
      steps: 3,
      key: key(3),
    };
    expect(referencesFromScenes({ ...options, sampler: "saliency" }).sequences).toHaveLength(2);
    expect(() => saliency(key(1), 3, 8, 8)).toThrow(
      /^sampler: expected the image as the last argument for saliency, got undefined$/,
    );
    expect(() => saliency(key(1), 3, 8, 9, flat(8, 8))).toThrow(
      /^sampler: expected an image of 8 x 9 pixels, got 8 x 8$/,
    );
  });

  const osie = new URL("../../../shared/data/osie/", import.meta.url).pathname;
  const present = existsSync(osie);
  const reason = present ? "" : " (left out: ../shared/data/osie is not beside this checkout)";
  it.skipIf(!present)(`moves as 15 people do on 100 photographs${reason}`, { timeout: 120_000 }, async () => {
    const { byImage, width, height } = await readScanpaths(`${osie}scanpaths.json`);
    const path = (fixations: Float64Array) => ({ fixations, width, height });
    const [human, drawn] = [[], []] as ReturnType<typeof path>[][];
    for (let i = 1301; i <= 1400; i++) {
      const image = await readImage(`${osie}images/${i}.jpg`);
      for (const [v, { x, y }] of (byImage.get(image.name) ?? []).entries()) {
        human.push(
          path(Float64Array.from({ length: 2 * x.length }, (_, j) => (j % 2 === 0 ? x : y)[j >> 1])),
        );
        if (v < 3) drawn.push(path(saliency(foldIn(key(i), v), x.length, width, height, image)));
      }
    }
    const [theirs, ours] = [human, drawn].map(scanpathStatistics);
    expect(kolmogorovSmirnov(ours.lengths, theirs.lengths)).toBeLessThan(0.08);
    for (const i of [0, 1]) expect(Math.abs(ours.spread[i] - theirs.spread[i])).toBeLessThan(0.03);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CropOptions, cutCrops, type Fovea, type Image, pyramid } from "../../src/data/index.js";
import { mirrorImage, noise, picture } from "../support/images.js";

function crops(image: Image, x: number, y: number, fovea: Fovea, options: CropOptions = {}): Float32Array {
  const into = new Float32Array(fovea.crops.length * 3 * fovea.size ** 2);
  cutCrops(pyramid(image), x, y, fovea, options, into, 0);
  return into;
}

/** Where a pixel beyond the edge has its mirror image, by walking there. */
function walked(p: number, n: number): number {
  while (n > 1 && (p < 0 || p >= n)) p = p < 0 ? -p : 2 * (n - 1) - p;
  return n === 1 ? 0 : p;
}

/** The same by the image's own pixels, one by one. */
function slowly(image: Image, x: number, y: number, { crops, size }: Fovea, zoom = 1): number[] {
  const { width, height, data } = image;
  return crops.flatMap((crop) => {
    const scale = (crop * zoom) / size;
    const [left, top] = [x - (crop * zoom) / 2, y - (crop * zoom) / 2];
    return [0, 1, 2].flatMap((c) =>
      Array.from({ length: size * size }, (_, at) => {
        const [x0, y0] = [left + (at % size) * scale, top + Math.floor(at / size) * scale];
        let sum = 0;
        for (let j = Math.floor(y0); j < y0 + scale; j++)
          for (let i = Math.floor(x0); i < x0 + scale; i++) {
            const area =
              (Math.min(i + 1, x0 + scale) - Math.max(i, x0)) *
              (Math.min(j + 1, y0 + scale) - Math.max(j, y0));
            sum += area * data[3 * (walked(j, height) * width + walked(i, width)) + c];
          }
        return sum / scale ** 2;
      }),
    );
  });
}

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, v, i) => Math.max(most, Math.abs(v - b[i])), 0);
};

const places = fc.record({
  width: fc.integer({ min: 1, max: 60 }),
  height: fc.integer({ min: 1, max: 60 }),
  x: fc.double({ min: -200, max: 200, noNaN: true }),
  y: fc.double({ min: -200, max: 200, noNaN: true }),
  seed: fc.nat(),
});
/** Of float32 numbers up to 255. */
const float32 = 255 * 2 ** -24 + 1e-9;

describe("crops", () => {
  it("average the image's own pixels where one of theirs covers fewer than four, wherever they lie", () => {
    fc.assert(
      fc.property(places, fc.double({ min: 0.3, max: 1.3, noNaN: true }), (p, zoom) => {
        const image = noise(p.width, p.height, p.seed);
        const fovea = { crops: [5, 12], size: 4 };
        const got = crops(image, p.x, p.y, fovea, { zoom });
        // positions far out have an error of about 1e-13 pixels
        expect(furthest(got, slowly(image, p.x, p.y, fovea, zoom))).toBeLessThan(float32 + 1e-6);
      }),
    );
  });

  it("average smooth images at any level, up to what the edges of its pixels cut off", () => {
    fc.assert(
      fc.property(places, fc.double({ min: 0.75, max: 1.33, noNaN: true }), (p, zoom) => {
        // at most 3 gray levels from a pixel to the next along either side
        const [width, height] = [p.width + 100, p.height + 100];
        const image = picture(
          width,
          height,
          (x, y, c) => 127 + 60 * Math.sin(x / 40 + p.seed) + 60 * Math.sin(y / 40 + c),
        );
        const slope = 60 / 40;
        const fovea = { crops: [16, 40, 64, 128], size: 4 };
        const [got, expected] = [
          crops(image, p.x, p.y, fovea, { zoom }),
          slowly(image, p.x, p.y, fovea, zoom),
        ];
        fovea.crops.forEach((crop, s) => {
          const cell = 2 ** Math.max(0, Math.floor(Math.log2((crop * zoom) / 4 / 2)));
          // Of a level's pixel, a share f is taken at the mean of all of it, which is off by (1 - f) / 2 of its range: at most
          // 1/8 of the range at each of two edges, over the two or more pixels that are averaged; along either side. And bytes
          // are rounded, the image's and the level's.
          const bound = 0.5 + 2 * ((2 / 8) * (slope * cell + 1)) * (1 / 2) + float32;
          const part = [s * 48, (s + 1) * 48] as const;
          expect(furthest(got.subarray(...part), expected.slice(...part))).toBeLessThan(
            cell === 1 ? float32 + 1e-6 : bound,
          );
        });
      }),
      { numRuns: 40 },
    );
  });

  it("average any image at any level where their pixels and its pixels have common edges", () => {
    const image = noise(256, 192, 5);
    const fovea = { crops: [16, 32, 64, 128], size: 4 };
    const got = crops(image, 128, 64, fovea);
    // a byte of a level is rounded, the mean of several is no further off
    expect(furthest(got, slowly(image, 128, 64, fovea))).toBeLessThan(0.5 + 1e-3);
  });

  it("of a constant image are constant, however far outside and however small it is", () => {
    const far = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(1e300, -1e300, 2 ** 53),
    );
    const size = fc.integer({ min: 1, max: 40 });
    const values = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(
        size,
        size,
        far,
        far,
        values,
        fc.integer({ min: 1, max: 9 }),
        (width, height, x, y, value, n) => {
          const image = picture(width, height, () => value);
          const got = crops(image, x, y, { crops: [1, 7, 500], size: n }, { zoom: 1.1 });
          expect(got.every((v) => v === value)).toBe(true);
        },
      ),
    );
  });

  it("see the image mirrored beyond its edge, the edge itself once", () => {
    const image = picture(4, 3, (x, y) => 10 * y + x);
    // one pixel of the crop for one of the image, centered on its corner pixel
    const got = crops(image, 0.5, 0.5, { crops: [5], size: 5 });
    expect([...got.subarray(0, 25)]).toEqual(
      [2, 1, 0, 1, 2].flatMap((y) => [2, 1, 0, 1, 2].map((x) => 10 * y + x)),
    );
    const far = crops(image, 3.5, 2.5, { crops: [7], size: 7 });
    expect([...far.subarray(0, 7)]).toEqual([0, 1, 2, 3, 2, 1, 0].map((x) => 10 * 1 + x));
  });

  it("of an image in a mirror are its crops in a mirror", () => {
    fc.assert(
      fc.property(places, ({ width, height, x, y, seed }) => {
        // the mirrored image has its level's pixels at the same places where its width is a multiple of theirs
        const image = noise(8 * width, height, seed);
        const fovea = { crops: [8, 24, 60], size: 4 };
        const flipped = crops(image, x, y, fovea, { flip: true });
        expect(furthest(crops(mirrorImage(image), 8 * width - x, y, fovea), flipped)).toBeLessThan(1e-3);
        const whole = crops(image, x, y, fovea);
        for (let row = 0; row < whole.length; row += 4)
          expect([...flipped.subarray(row, row + 4)]).toEqual([...whole.subarray(row, row + 4)].reverse());
      }),
    );
  });

  it("zoomed are those of sides times the zoom", () => {
    const image = noise(90, 70, 3);
    const zoomed = crops(image, 31.7, 20.2, { crops: [10, 20, 40], size: 5 }, { zoom: 1.5 });
    expect(zoomed).toEqual(crops(image, 31.7, 20.2, { crops: [15, 30, 60], size: 5 }));
  });

  it("are written where they are asked for, one after the other, and nowhere else", () => {
    const image = noise(50, 40, 9);
    const into = new Float32Array(2 * 3 * 16 + 7).fill(-1);
    cutCrops(pyramid(image), 20, 20, { crops: [8, 32], size: 4 }, {}, into, 5);
    expect([...into.subarray(0, 5), ...into.subarray(-2)].every((v) => v === -1)).toBe(true);
    expect(into.slice(5, 53)).toEqual(crops(image, 20, 20, { crops: [8], size: 4 }));
    expect(into.slice(53, 101)).toEqual(crops(image, 20, 20, { crops: [32], size: 4 }));
  });

  it.each([
    [{ crops: [], size: 2 }, {}, 0, /at least 1 in the fovea.crops, got 0/],
    [{ crops: [2 ** 16], size: 2 }, {}, 0, /the fovea.crops\[0\] to be a whole number from 1 to 32768/],
    [
      { crops: new Array(17).fill(4), size: 2 },
      {},
      0,
      /the number of crops of the fovea .* from 1 to 16, got 17/,
    ],
    [{ crops: [4], size: 0 }, {}, 0, /the fovea.size to be a whole number from 1 to 512, got 0/],
    [{ crops: [4], size: 2 }, { zoom: 0 }, 0, /zoom to be a number from 1\/16 to 16, got 0/],
    [{ crops: [4], size: 2 }, { zom: 1 }, 0, /expected options among zoom, flip, got "zom"/],
    [{ crops: [4], size: 2 }, {}, 1, /offset to be a whole number from 0 to 0, got 1/],
  ])("of %j with %j at %d are refused in one sentence", (fovea, options, offset, message) => {
    const made = pyramid(noise(20, 20, 1));
    expect(() => cutCrops(made, 3, 3, fovea, options as CropOptions, new Float32Array(12), offset)).toThrow(
      message,
    );
  });
});

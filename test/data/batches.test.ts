import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { foldIn, key } from "../../src/core/prng.js";
import {
  type Cut,
  type CutOptions,
  cutCrops,
  cutSequences,
  type Gallery,
  openGallery,
  pyramid,
  type References,
  referencesFromFolder,
  referencesFromScenes,
  splitReferences,
} from "../../src/data/index.js";
import { mirrorImage } from "../support/images.js";

const [width, height, steps] = [96, 64, 5];
const all = referencesFromScenes({ count: 3, width, height, viewers: 4, steps, key: key(3) });
const fovea = { crops: [16, 40], size: 4 };
const frame = 2 * 3 * 16;
const diagonal = Math.hypot(width, height);
let gallery: Gallery;
beforeAll(async () => {
  gallery = await openGallery(all);
});
const cut = (which: ArrayLike<number>, options: CutOptions = {}): Cut =>
  cutSequences(gallery, all, which, fovea, options);
/** What the i-th sequence of a cut has, of t fixations. */
const part = (c: Cut, i: number, t = steps) => ({
  crops: c.crops.slice(i * t * frame, (i + 1) * t * frame),
  saccades: c.saccades.slice(2 * i * t, 2 * (i + 1) * t),
  positions: c.positions.slice(2 * i * t, 2 * (i + 1) * t),
});

describe("sequences that are cut", () => {
  it("have the crops at their fixations, and saccades and positions over the diagonal", () => {
    const which = [7, 2];
    const got = cut(which);
    which.forEach((index, i) => {
      const { image, fixations } = all.sequences[index];
      const { crops, saccades, positions } = part(got, i);
      for (let t = 0; t < steps; t++) {
        const [x, y] = [fixations[2 * t], fixations[2 * t + 1]];
        const expected = new Float32Array(frame);
        cutCrops(gallery.pyramid(image), x, y, fovea, {}, expected, 0);
        expect(crops.slice(t * frame, (t + 1) * frame)).toEqual(expected);
        expect(positions[2 * t]).toBeCloseTo((x - width / 2) / diagonal, 12);
        expect(positions[2 * t + 1]).toBeCloseTo((y - height / 2) / diagonal, 12);
        expect(saccades[2 * t]).toBeCloseTo(t === 0 ? 0 : (x - fixations[2 * t - 2]) / diagonal, 12);
        expect(saccades[2 * t + 1]).toBeCloseTo(t === 0 ? 0 : (y - fixations[2 * t - 1]) / diagonal, 12);
      }
    });
  });

  it.each([null, key(8)])(
    "from one fixation to another are what lies there in the whole, with key %j",
    (augment) => {
      const whole = part(cut([4], { augment }), 0);
      const some = part(cut([4], { augment, from: 2, to: 4 }), 0, 2);
      expect(some.crops).toEqual(whole.crops.slice(2 * frame, 4 * frame));
      expect(some.saccades).toEqual(whole.saccades.slice(4, 8));
      expect(some.positions).toEqual(whole.positions.slice(4, 8));
    },
  );

  it("change in the same way under a key whatever else is cut, and in another under another", () => {
    const augment = key(11);
    const [alone, among] = [cut([5], { augment }), cut(Int32Array.of(9, 5, 0, 5), { augment })];
    expect(part(among, 1)).toEqual(part(alone, 0));
    expect(part(among, 3)).toEqual(part(alone, 0));
    expect(part(among, 0)).not.toEqual(part(cut([9]), 0));
    expect(part(cut([5], { augment: foldIn(augment, 1) }), 0)).not.toEqual(part(alone, 0));
  });

  it("are mirrored as if the image were: crops, saccades and positions", async () => {
    const mirrored: References = {
      ...all,
      images: all.images.map((image) => ({ ...image, load: async () => mirrorImage(await image.load()) })),
    };
    const other = await openGallery(mirrored);
    let flips = 0;
    for (let s = 0; s < 30; s++) {
      const augment = key(s);
      const { crops, saccades, positions } = cut([s % 12], { augment });
      const places = { zoom: 1, at: new Float64Array(2 * steps) };
      // zoom and place, read from what came: the first saccades and places of the sequence, each moved by up to 6 pixels
      const { image, fixations } = all.sequences[s % 12];
      const found = [-1, 1].flatMap((sign) =>
        Array.from({ length: 401 }, (_, i) => ({ sign, zoom: 2 ** (-0.4 + (0.8 * i) / 400) })).filter(
          ({ zoom }) =>
            fixations.every(
              (at, j) =>
                Math.abs(
                  (j % 2 === 0
                    ? sign * positions[j] * zoom * diagonal + width / 2
                    : positions[j] * zoom * diagonal + height / 2) - at,
                ) <= 6.2,
            ),
        ),
      );
      expect(found.length).toBeGreaterThan(0);
      const signs = new Set(found.map(({ sign }) => sign));
      if (signs.size > 1) continue;
      const [sign] = signs;
      flips += sign === -1 ? 1 : 0;
      // the crops tell which of these zooms it was: those of the image in a mirror, at the mirrored place, where it is mirrored
      const best = Math.min(
        ...found.map(({ zoom }) => {
          for (let j = 0; j < 2 * steps; j++)
            places.at[j] = positions[j] * zoom * diagonal + (j % 2 === 0 ? width : height) / 2;
          const expected = new Float32Array(steps * frame);
          for (let t = 0; t < steps; t++)
            cutCrops(
              (sign === -1 ? other : gallery).pyramid(image),
              places.at[2 * t],
              places.at[2 * t + 1],
              fovea,
              { zoom },
              expected,
              t * frame,
            );
          return expected.reduce((sum, v, j) => sum + Math.abs(v - crops[j]), 0) / expected.length;
        }),
      );
      // zooms are tried in steps of 0.14%
      expect(best).toBeLessThan(1);
      for (let j = 2; j < 2 * steps; j++)
        expect(saccades[j]).toBeCloseTo(positions[j] - positions[j - 2], 12);
    }
    expect(flips).toBeGreaterThan(3);
    expect(flips).toBeLessThan(27);
  });

  it("are mirrored as often as not, and zoomed by 2^-0.4 to 2^0.4", () => {
    // far from the center, where 6 pixels of jitter hardly count
    const far: References = {
      ...all,
      sequences: Array.from({ length: 400 }, (_, viewer) => ({
        image: 0,
        viewer,
        fixations: new Float64Array(2 * steps).fill(1e7),
      })),
    };
    const which = far.sequences.map((_, i) => i);
    const { positions } = cutSequences(gallery, far, which, fovea, { augment: key(1), to: 1 });
    const zooms = which.map((i) => Math.log2(1e7 / diagonal / positions[2 * i + 1]));
    expect(Math.min(...zooms)).toBeGreaterThan(-0.4 - 1e-4);
    expect(Math.max(...zooms)).toBeLessThan(0.4 + 1e-4);
    expect(Math.max(...zooms) - Math.min(...zooms)).toBeGreaterThan(0.75);
    const flipped = which.filter((i) => positions[2 * i] < 0).length;
    expect(Math.abs(flipped - 200)).toBeLessThan(5 * 10);
  });

  it("of a half of the data need no gallery but the whole's", () => {
    const { test } = splitReferences(all, { test: 0.34 });
    const got = cutSequences(gallery, test, [0, 3], fovea);
    expect(got.crops).toEqual(cut([8, 11]).crops);
  });

  it("say in one sentence what does not fit", async () => {
    expect(() => cut([12])).toThrow(
      "cutSequences: expected which[0] to be a whole number from 0 to 11, got 12",
    );
    expect(() => cut([0], { from: 3, to: 3 })).toThrow(/to - from to be a whole number of at least 1, got 0/);
    expect(() => cut([0], { to: 6 })).toThrow(/to to be a whole number from 1 to 5, got 6/);
    expect(() => cut([0], { augment: 3 as never })).toThrow(/expected a key of two 32-bit words/);
    expect(() => cut(3 as never)).toThrow(/which to be an array of whole numbers, got 3/);
    const other = { pyramid: () => pyramid({ name: "o", width: 1, height: 1, data: new Uint8Array(3) }) };
    expect(() => cutSequences(other as never, all, [0], fovea)).toThrow(
      "cutSequences: expected a gallery of the data set's images, with scene-00001 of 96 x 64 pixels at 0, got o of 1 x 1",
    );
    expect(cut([]).crops.length).toBe(0);
  });
});

const folder = fileURLToPath(new URL("../../../shared/data/osie/", import.meta.url));
const present = existsSync(folder);
const reason = present ? "" : " (left out: ../shared/data/osie is not beside this checkout)";

describe("photographs", () => {
  it.skipIf(!present)(`with what people looked at are cut${reason}`, async () => {
    const found = await referencesFromFolder({
      images: `${folder}images`,
      scanpaths: `${folder}scanpaths.json`,
      viewers: 1,
      steps: 6,
      key: key(1),
    });
    const few = { ...found, sequences: found.sequences.slice(0, 5) };
    const opened = await openGallery(few);
    const { crops } = cutSequences(
      opened,
      few,
      [0, 4],
      { crops: [64, 128, 256], size: 16 },
      { augment: key(1) },
    );
    expect(crops.every((v) => v >= 0 && v <= 255)).toBe(true);
  });
});

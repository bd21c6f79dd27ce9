import { describe, expect, it } from "vitest";
import { ArgumentError, DataError } from "../../src/core/errors.js";
import { foldIn, key } from "../../src/core/prng.js";
import {
  cutCrops,
  cutSequences,
  type Image,
  movingScene,
  openGallery,
  pyramid,
  type References,
  referencesFromMovingScenes,
  saliencyMap,
  scene,
  splitReferences,
} from "../../src/data/index.js";

const size = { width: 120, height: 90 };
const framesOf = (seed: number, n: number): Image[] => [
  ...movingScene(key(seed), size.width, size.height, "s", n),
];

/** Share of the pixels inside a border where `b` is `a` moved by [dx, dy]. */
function agreement(a: Image, b: Image, [dx, dy]: readonly [number, number], at: readonly [number, number]) {
  let [same, all] = [0, 0];
  for (let y = at[1] - 3; y <= at[1] + 3; y++)
    for (let x = at[0] - 3; x <= at[0] + 3; x++) {
      const inside = (u: number, v: number) => u >= 0 && u < a.width && v >= 0 && v < a.height;
      if (!inside(x, y) || !inside(x + dx, y + dy)) return 0;
      all++;
      const [from, to] = [3 * (y * a.width + x), 3 * ((y + dy) * a.width + x + dx)];
      // light shades by a rounding, as a leaf moves by whole pixels
      if ([0, 1, 2].every((c) => Math.abs(a.data[from + c] - b.data[to + c]) <= 1)) same++;
    }
  return same / all;
}

describe("a moving scene", () => {
  it("begins as the scene of its key, and is the same for the same key", () => {
    const frames = framesOf(3, 3);
    expect(frames[0].data).toEqual(scene(key(3), size.width, size.height, "s").data);
    expect(framesOf(3, 3)).toEqual(frames);
    expect(framesOf(4, 2)[1].data).not.toEqual(frames[1].data);
    expect(() => [...movingScene(key(1), 10, 10, "s", 0)]).toThrow(ArgumentError);
  });

  it("can be told ahead: what moved between two frames goes on to move so in the next ones", () => {
    const [first, second, third] = framesOf(5, 3);
    const found: boolean[] = [];
    for (let y = 8; y < size.height - 8; y += 6)
      for (let x = 8; x < size.width - 8; x += 6) {
        const ways = Array.from({ length: 121 }, (_, i) => [(i % 11) - 5, Math.floor(i / 11) - 5] as const);
        // patches that moved as a whole, in one way alone, and are no plain color
        const fits = ways.filter((way) => agreement(first, second, way, [x, y]) === 1);
        if (fits.length !== 1 || (fits[0][0] === 0 && fits[0][1] === 0)) continue;
        const [[dx, dy]] = fits;
        // ways are rounded to whole pixels, so that twice one may be off by a pixel
        const next = [-1, 0, 1].flatMap((i) =>
          [-1, 0, 1].map((j) => agreement(first, third, [2 * dx + i, 2 * dy + j], [x, y])),
        );
        found.push(Math.max(...next) > 0.9);
      }
    expect(found.length).toBeGreaterThan(20);
    // the rest went behind what passes in front of it, or is a plain color that fits anywhere
    expect(found.filter(Boolean).length / found.length).toBeGreaterThan(0.7);
  });

  it("stays covered by leaves that leave and come in again", () => {
    const [first, ...rest] = framesOf(7, 40);
    const last = rest[38];
    const meanOf = ({ data }: Image) => data.reduce((a, b) => a + b, 0) / data.length;
    const changed = first.data.filter((v, i) => Math.abs(v - last.data[i]) > 8).length / first.data.length;
    expect(changed).toBeGreaterThan(0.5);
    // brightness of a leaf varies by 0.2 of 255 around the mood of its scene, which all share
    expect(Math.abs(meanOf(first) - meanOf(last))).toBeLessThan(30);
  });
});

const options = { count: 4, ...size, viewers: 3, steps: 4, frames: 6, key: key(2) };

describe("sequences on what moves", () => {
  it("see another frame at each fixation, cut from that frame", async () => {
    const all = await referencesFromMovingScenes(options);
    const gallery = await openGallery(all);
    const fovea = { crops: [16, 32], size: 8 };
    const { crops } = cutSequences(gallery, all, [1, 7], fovea);
    const frame = crops.length / 8;
    for (const [i, which] of [1, 7].entries()) {
      const { image, fixations, frames } = all.sequences[which];
      const { name } = all.images[image];
      const shown = [...movingScene(foldIn(options.key, name), size.width, size.height, name, 6)];
      expect([...frames!]).toEqual([0, 1, 2, 3].map((t) => frames![0] + t));
      for (let t = 0; t < 4; t++) {
        const expected = new Float32Array(frame);
        cutCrops(pyramid(shown[frames![t]]), fixations[2 * t], fixations[2 * t + 1], fovea, {}, expected, 0);
        const at = (4 * i + t) * frame;
        expect(crops.subarray(at, at + frame)).toEqual(expected);
      }
      // from the middle of a sequence the same
      const part = cutSequences(gallery, all, [which], fovea, { from: 2, to: 4 }).crops;
      expect(part).toEqual(crops.subarray((4 * i + 2) * frame, (4 * i + 4) * frame));
    }
    const starts = new Set(all.sequences.map(({ frames }) => frames![0]));
    expect(starts.size).toBeGreaterThan(1);
  });

  it("look by the saliency of the frame that is there", async () => {
    const all = await referencesFromMovingScenes({ ...options, viewers: 60, sampler: "saliency", count: 2 });
    // where they look in a frame is more salient in it than in one three frames away
    let [own, other] = [0, 0];
    const mapsOf = all.images.map(({ name }) =>
      [...movingScene(foldIn(options.key, name), size.width, size.height, name, 6)].map(saliencyMap),
    );
    for (const { image, fixations, frames } of all.sequences) {
      const maps = mapsOf[image];
      for (let t = 0; t < 4; t++) {
        const valueIn = (f: number): number => {
          const { columns, rows, values } = maps[f];
          const column = Math.min(Math.floor((fixations[2 * t] / size.width) * columns), columns - 1);
          const row = Math.min(Math.floor((fixations[2 * t + 1] / size.height) * rows), rows - 1);
          return values[row * columns + column];
        };
        own += valueIn(frames![t]);
        other += valueIn((frames![t] + 3) % 6);
      }
    }
    expect(own).toBeGreaterThan(1.03 * other);
  });

  it("share no image, nor a frame of one, between training and test", async () => {
    const { train, test } = splitReferences(await referencesFromMovingScenes(options), { test: 0.5 });
    const images = ({ sequences }: References) => new Set(sequences.map(({ image }) => image));
    expect([...images(train)]).toEqual([0, 1]);
    expect([...images(test)]).toEqual([2, 3]);
  });

  it("are refused in one sentence where frames and images do not fit", async () => {
    const all = await referencesFromMovingScenes(options);
    const changed = (frames: Int32Array | undefined): References => ({
      ...all,
      sequences: all.sequences.map((seen) => ({ ...seen, frames })),
    });
    for (const [frames, said] of [
      [undefined, /with 4 frames, as image 0 moves, got none/],
      [new Int32Array(3), /with 4 frames, got 3/],
      [Int32Array.of(0, 1, 2, 6), /on the 6 frames of image 0, got frame 6/],
      [Int32Array.of(-1, 1, 2, 3), /got frame -1/],
    ] as const)
      await expect(openGallery(changed(frames))).rejects.toThrow(said);
    const still = { ...all, images: all.images.map(({ frames: _, ...image }) => image) };
    await expect(openGallery(still)).rejects.toThrow(/without frames, as image 0 stands still, got 4/);
    const gallery = await openGallery(all);
    expect(() => gallery.pyramid(0, 6)).toThrow(ArgumentError);
    await expect(referencesFromMovingScenes({ ...options, frames: 3 })).rejects.toThrow(ArgumentError);
  });

  it("are left out as a problem where frames are too few, too many or of another size", async () => {
    const all = await referencesFromMovingScenes(options);
    const playing = (n: number, width = size.width) =>
      async function* () {
        yield* movingScene(key(1), width, size.height, "other", n);
      };
    for (const [play, said] of [
      [playing(5), /expected 6 frames of scene-00001, got 5/],
      [playing(7), /expected 6 frames of scene-00001, got more/],
      [playing(6, 64), /expected 120 x 90 pixels of scene-00001, got 64 x 90/],
    ] as const) {
      const images = all.images.map((image, i) => (i === 0 ? { ...image, play } : image));
      const { references } = await openGallery({ ...all, images });
      expect(references.problems).toEqual([{ file: "scene-00001", reason: expect.stringMatching(said) }]);
      expect(references.sequences.length).toBe(9);
    }
    const none = all.images.map((image) => ({ ...image, play: playing(1) }));
    await expect(openGallery({ ...all, images: none })).rejects.toThrow(DataError);
  });
});

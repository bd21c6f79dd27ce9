import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { key, uniform } from "../../../src/core/prng.js";
import { enlarge } from "../../../src/data/enlarge.js";
import type { Image } from "../../../src/data/image.js";
import { readLabeled } from "../../../src/data/labeled-folder.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import { rawPixels } from "../../../src/rjepa/figures/baselines/pixels.js";
import { judgeAll } from "../../../src/rjepa/figures/judging/table.js";
import { labeledOf } from "../../../src/rjepa/figures/labeled.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { world } from "../../support/seen-images.js";

/** Upright or lying stripes by label, with noise, darker or brighter. */
function striped(label: number, seed: number, width = 16, height = 16): Image {
  const noise = uniform(key(seed), 3 * width * height);
  const light = 40 + 60 * noise[0];
  const data = Uint8Array.from(noise, (u, at) => {
    const pixel = Math.floor(at / 3);
    const along = label === 0 ? pixel % width : Math.floor(pixel / width);
    return light + 60 * (Math.floor(along / 4) % 2) + 40 * u;
  });
  return { name: `${seed}`, width, height, data };
}

const images = (n: number, seed: number) => ({
  images: Array.from({ length: n }, (_, i) => striped(i % 2, seed + i)),
  labels: Int32Array.from({ length: n }, (_, i) => i % 2),
  names: ["upright", "lying"],
  problems: [],
});

describe("labeled images", () => {
  const fovea = { crops: [64, 128], size: 4 };

  it("are looked at five times, the last crop as wide as the shorter side", () => {
    const large = { ...images(1, 1), images: [striped(0, 1, 128, 64)] };
    const { test } = labeledOf(images(2, 5), large, fovea);
    expect([...test.positions]).toEqual([64, 32, 32, 16, 96, 16, 96, 48, 32, 48]);
    expect([test.count, test.steps, test.scales, test.size]).toEqual([1, 5, 2, 4]);
    expect(test.diagonal[0]).toBe(Math.hypot(128, 64));
    const crops = test.crops([0], 0, 5);
    expect(crops.length).toBe(5 * 2 * 3 * 16);
    // pixel (1, 2) of red of both crops at the center: of the middle 32 and 64 columns, 8 x 8 and 16 x 16 pixels
    for (const [crop, left, top, n] of [
      [0, 64, 24, 8],
      [1, 64, 16, 16],
    ]) {
      let mean = 0;
      for (let y = top; y < top + n; y++)
        for (let x = left; x < left + n; x++) mean += large.images[0].data[3 * (128 * y + x)] / n ** 2;
      // the pyramid's level is of whole numbers
      expect(Math.abs(crops[crop * 3 * 16 + 4 + 2] - mean)).toBeLessThan(0.5);
    }
    expect([...test.crops([0], 3, 5)]).toEqual([...crops.subarray(3 * 2 * 3 * 16)]);
  });

  it("are enlarged where they are smaller than half of the largest crop", () => {
    const small = { ...images(1, 1), images: [striped(0, 1, 33, 16)] };
    const by4 = { ...images(1, 1), images: [enlarge(small.images[0], 4)] };
    expect(by4.images[0]).toMatchObject({ width: 132, height: 64 });
    const [one, other] = [small, by4].map((given) => labeledOf(images(2, 5), given, fovea).test);
    expect([...one.positions]).toEqual([...other.positions]);
    expect([...one.crops([0], 0, 5)]).toEqual([...other.crops([0], 0, 5)]);
  });

  it("are probed, also by their raw pixels, which are for nothing else", async () => {
    const labeled = labeledOf(images(200, 100), images(100, 900), { crops: [64], size: 4 });
    const of = { images: 5, viewers: 2, steps: 3 };
    const { rows, best, margins } = judgeAll([leaky(meanColors(1, 4, 1), 0)], [rawPixels(1, 4)], {
      test: world({ ...of, seed: 1 }),
      fit: world({ ...of, seed: 2 }),
      labeled,
      algebra: await linearAlgebra(),
      key: key(1),
      only: ["probeH", "acc"],
    });
    expect(rows["raw pixels"].probeH!.interval![0]).toBeGreaterThan(0.9);
    expect(rows["raw pixels"].acc).toBeNull();
    expect(rows["mean color, leak 0"].probeH!.interval![0]).toBeLessThan(0.75);
    expect(best.probeH!.name).toBe("raw pixels");
    const margin = margins["mean color, leak 0"].probeH!["raw pixels"]!;
    expect(margin.interval![1]).toBeLessThan(-0.1);
  });

  it("must be of the same labels", () => {
    const other = { ...images(2, 1), names: ["upright", "oblique"] };
    expect(() => labeledOf(images(2, 1), other, fovea)).toThrow(
      "labeled: expected images to test of the labels upright, lying, got upright, oblique",
    );
  });
});

describe("a folder of labeled images", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "labeled-"));
    for (const [label, name] of ["cat", "dog"].entries()) {
      await mkdir(join(folder, name));
      for (let i = 0; i < 3; i++) {
        const { data } = striped(label, i);
        await sharp(data, { raw: { width: 16, height: 16, channels: 3 } }).toFile(
          join(folder, name, `${i}.png`),
        );
      }
    }
    await writeFile(join(folder, "dog", "1.png"), "no picture");
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is read at once, what cannot be decoded being a problem", async () => {
    const { images, labels, names, problems } = await readLabeled(folder);
    expect(images.map(({ name }) => name)).toEqual([
      "cat/0.png",
      "cat/1.png",
      "cat/2.png",
      "dog/0.png",
      "dog/2.png",
    ]);
    expect([...labels]).toEqual([0, 0, 0, 1, 1]);
    expect(names).toEqual(["cat", "dog"]);
    expect([...images[4].data]).toEqual([...striped(1, 2).data]);
    expect(problems.map(({ file }) => file)).toEqual(["dog/1.png"]);
  });

  it("is read in part where so many of each label are enough", async () => {
    const { images } = await readLabeled(folder, { perLabel: 1 });
    expect(images.map(({ name }) => name)).toEqual(["cat/0.png", "dog/0.png"]);
    await expect(readLabeled(folder, { perLabel: 0 })).rejects.toThrow("perLabel");
    await expect(readLabeled(join(folder, "cat"))).rejects.toThrow("expected folders of images");
  });
});

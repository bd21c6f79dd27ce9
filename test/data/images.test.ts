import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { key } from "../../src/core/prng.js";
import { cropPatch, fromFolder, type Image, listImages, readImage } from "../../src/data/index.js";
import { newFolder, writeBadImages, writeImage } from "../support/images.js";

describe("images", () => {
  it.each(["a.jpg", "a.jpeg", "a.png", "a.webp"])("decodes %s", async (name) => {
    const folder = await newFolder();
    await writeImage(join(folder, name), 30, 20);
    const image = await readImage(join(folder, name));
    expect([image.name, image.width, image.height, image.data.length]).toEqual([name, 30, 20, 1800]);
  });

  it.each([1, 4] as const)("gives three colors for %i channels", async (channels) => {
    const folder = await newFolder();
    await writeImage(join(folder, "a.png"), 5, 4, channels);
    const { data } = await readImage(join(folder, "a.png"));
    expect(data.length).toBe(60);
    if (channels === 1) expect([data[3], data[4], data[5]]).toEqual([7, 7, 7]);
    else expect([...data.subarray(3, 6)]).toEqual([28, 35, 42]);
  });

  it("are listed by name, other files left aside", async () => {
    const folder = await newFolder();
    await writeImage(join(folder, "b.png"), 4, 4);
    await writeImage(join(folder, "a.JPG".toLowerCase()), 4, 4);
    await writeFile(join(folder, "notes.txt"), "");
    expect((await listImages(folder)).map((p) => p.slice(folder.length + 1))).toEqual(["a.jpg", "b.png"]);
  });

  it("say in one sentence what is wrong with a folder", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "empty"));
    await expect(listImages(join(folder, "none"))).rejects.toThrow(/images: expected a folder, got .*none/);
    await expect(listImages(join(folder, "empty"))).rejects.toThrow(
      /expected JPEG, PNG or WebP files in .*empty, got none/,
    );
  });

  it("that are corrupt or too small are named and counted, and the run goes on", async () => {
    const folder = await newFolder();
    await writeBadImages(folder);
    const done: number[] = [];
    const set = await fromFolder({
      images: folder,
      steps: 3,
      cropSize: 32,
      size: 8,
      viewers: 2,
      key: key(1),
      onProgress: (n) => done.push(n),
    });
    expect(set.sequences.map((s) => s.image)).toEqual(["whole.jpg", "whole.jpg"]);
    expect(set.problems.map((p) => p.file).sort()).toEqual(["cut.jpg", "small.png", "text.png"]);
    expect(set.problems.find((p) => p.file === "small.png")?.reason).toMatch(
      /at least 32 x 32 pixels, got 20 x 90/,
    );
    expect(done).toEqual([1, 2, 3, 4]);
  });

  it("end in an error when none is usable", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "a.jpg"), "nothing");
    await expect(fromFolder({ images: folder, steps: 3, cropSize: 8, size: 4, key: key(1) })).rejects.toThrow(
      /nothing usable in .*a\.jpg/s,
    );
  });
});

describe("patches", () => {
  const image = (
    width: number,
    height: number,
    value: (x: number, y: number, c: number) => number,
  ): Image => ({
    name: "made",
    width,
    height,
    data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
      value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3),
    ),
  });
  const crop = (from: Image, x: number, y: number, n: number, size: number): number[] => {
    const into = new Float32Array(3 * size * size + 1);
    cropPatch(from, x, y, n, size, into, 1);
    return [...into.subarray(1)].map((v) => v * 255);
  };

  it("average the pixels that they cover", () => {
    const got = crop(
      image(4, 4, (x, y, c) => 10 * y + x + 100 * c),
      2,
      2,
      4,
      2,
    );
    [5.5, 7.5, 25.5, 27.5, 105.5, 107.5, 125.5, 127.5, 205.5, 207.5, 225.5, 227.5].forEach((v, i) =>
      expect(got[i]).toBeCloseTo(v, 3),
    );
  });

  it("weigh pixels that they cover in part", () => {
    // 3 pixels onto 2: each takes one and a half
    const got = crop(
      image(3, 3, (x) => x * 30),
      1.5,
      1.5,
      3,
      2,
    );
    expect(got[0]).toBeCloseTo((0 + 0.5 * 30) / 1.5, 3);
    expect(got[1]).toBeCloseTo((0.5 * 30 + 60) / 1.5, 3);
  });

  it("move inside the image at its border", () => {
    const picture = image(10, 8, (x, y) => 10 * y + x);
    expect(crop(picture, -5, -5, 4, 4)).toEqual(crop(picture, 2, 2, 4, 4));
    expect(crop(picture, 99, 99, 4, 4)).toEqual(crop(picture, 8, 6, 4, 4));
    expect(crop(picture, 99, 99, 4, 4)[15]).toBeCloseTo(79, 3);
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { DataError, PlanError } from "../../src/core/errors.js";
import { key } from "../../src/core/prng.js";
import {
  openGallery,
  type References,
  readImage,
  referencesFromFolder,
  referencesFromLabeled,
  referencesFromScenes,
  sceneNamed,
  splitReferences,
} from "../../src/data/index.js";
import { newFolder, writeBadImages, writeImage } from "../support/images.js";

const path = (n: number) => {
  const at = Array.from({ length: n }, (_, i) => i + 1);
  return { x: at, y: at.map((v) => v / 2), duration: at };
};
const imagesOf = ({ images, sequences }: References): string[] => [
  ...new Set(sequences.map((seen) => images[seen.image].name)),
];

describe("references to a folder", () => {
  it("have the fixations, viewers and problems of sequences cut from it", async () => {
    const folder = await newFolder();
    for (const name of ["a.png", "b.jpg", "c.png", "d.png"]) await writeImage(join(folder, name), 50, 40);
    await writeImage(join(folder, "e.png"), 40, 50);
    await writeFile(join(folder, "notes.txt"), "");
    const scanpaths = {
      "a.png": [path(5), path(3), path(4)],
      "b.jpg": [path(2)],
      "d.png": [path(4)],
      "e.png": [path(4)],
      "other.png": [path(4)],
    };
    const file = join(await newFolder(), "scanpaths.json");
    await writeFile(file, JSON.stringify({ width: 50, height: 40, scanpaths }));
    const shared = { images: folder, steps: 4, key: key(2) };
    const few = "of 1 scanpaths have fewer than 4 fixations";
    const recorded = [
      { file: "*.txt", count: 1, reason: "1 file not named .jpg, .jpeg, .png, .webp" },
      { file: "scanpaths.json", reason: "has scanpaths of 1 image not in the folder, such as other.png" },
      { file: "a.png", reason: "1 of 3 scanpaths have fewer than 4 fixations" },
      { file: "b.jpg", reason: `1 ${few}` },
      { file: "c.png", reason: "no scanpaths of c.png" },
      { file: "e.png", reason: "scanpaths refer to images of 50 x 40 pixels, got 40 x 50 for e.png" },
    ];
    const every = (viewers: number) =>
      ["a.png", "b.jpg", "c.png", "d.png", "e.png"].flatMap((name) =>
        Array.from({ length: viewers }, (_, v) => [name, v]),
      );
    for (const [given, seen, problems] of [
      [
        { scanpaths: file },
        [
          ["a.png", 0],
          ["a.png", 2],
          ["d.png", 0],
        ],
        recorded,
      ],
      // nobody beyond the first viewer was asked for
      [
        { scanpaths: file, viewers: 1 },
        [
          ["a.png", 0],
          ["d.png", 0],
        ],
        recorded.filter((p) => p.file !== "a.png"),
      ],
      [{ viewers: 2 }, every(2), recorded.slice(0, 1)],
      [{ sampler: "uniform" }, every(1), recorded.slice(0, 1)],
    ] as const) {
      const done: number[] = [];
      const found = await referencesFromFolder({ ...shared, ...given, onProgress: (n) => done.push(n) });
      expect(found.sequences.map((s) => [found.images[s.image].name, s.viewer])).toEqual(seen);
      expect(found.sequences.every(({ fixations }) => fixations.length === 8)).toBe(true);
      expect(found.problems).toEqual(problems);
      expect(done).toEqual([1, 2, 3, 4, 5]);
      for (const image of found.images)
        expect(await image.load()).toEqual(await readImage(join(folder, image.name)));
    }
  });

  it("list what is no image; what is cut short shows when it is opened, and the rest goes on", async () => {
    const folder = await newFolder();
    await writeBadImages(folder);
    const found = await referencesFromFolder({ images: folder, steps: 3, key: key(1) });
    expect(imagesOf(found)).toEqual(["cut.jpg", "small.png", "whole.jpg"]);
    expect(found.problems.map((p) => p.file)).toEqual(["text.png"]);
    const gallery = await openGallery(found, { memoryLimit: 1e6 });
    expect(imagesOf(gallery.references)).toEqual(["small.png", "whole.jpg"]);
    expect(gallery.references.problems.map((p) => p.file)).toEqual(["text.png", "cut.jpg"]);
    expect(gallery.references.images).toBe(found.images);
    expect(() => gallery.pyramid(0)).toThrow("gallery: expected one of the 2 images here, got image 0");
    // a sampler that looks at pixels finds it at once
    const salient = await referencesFromFolder({
      images: folder,
      steps: 3,
      key: key(1),
      sampler: "saliency",
    });
    expect(salient.problems.map((p) => p.file)).toEqual(["cut.jpg", "text.png"]);
  });

  it("know the size of pictures that a camera took on its side, and of large ones made smaller", async () => {
    const folder = await newFolder();
    await writeImage(join(folder, "a.png"), 80, 60);
    await sharp(join(folder, "a.png")).withMetadata({ orientation: 6 }).toFile(join(folder, "turned.jpg"));
    const shared = { images: folder, steps: 3, key: key(1) };
    for (const [maxSide, longer, shorter] of [
      [undefined, 80, 60],
      [40, 40, 30],
      [7, 7, 5],
    ] as const) {
      const { images, sequences } = await referencesFromFolder({ ...shared, maxSide });
      expect(images.map(({ width, height }) => [width, height])).toEqual([
        [longer, shorter],
        [shorter, longer],
      ]);
      for (const image of images) {
        const { name, width, height } = await image.load();
        expect([name, width, height]).toEqual([image.name, image.width, image.height]);
      }
      for (const { image, fixations } of sequences)
        fixations.forEach((v, i) =>
          expect(v).toBeLessThanOrEqual(images[image][i % 2 === 0 ? "width" : "height"]),
        );
    }
    const file = join(folder, "scanpaths.json");
    await writeFile(file, JSON.stringify({ width: 80, height: 60, scanpaths: { "a.png": [path(3)] } }));
    const halved = await referencesFromFolder({ ...shared, scanpaths: file, maxSide: 40 });
    expect([...halved.sequences[0].fixations]).toEqual([0.5, 0.25, 1, 0.5, 1.5, 0.75]);
    const [small, full] = [await halved.images[0].load(), await readImage(join(folder, "a.png"))];
    const mean = [0, 3, 240, 243].reduce((sum, at) => sum + full.data[at] / 4, 0);
    expect(small.data[0]).toBe(Math.round(mean));
  });

  it("say in one sentence what is wrong", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "a.jpg"), "nothing");
    const shared = { images: folder, steps: 3, key: key(1) };
    await expect(referencesFromFolder(shared)).rejects.toThrow(/images: nothing usable in .*a\.jpg/);
    await expect(referencesFromFolder({ ...shared, steps: 1 })).rejects.toThrow(/at least 2 fixations/);
    await expect(referencesFromFolder({ ...shared, sampler: "x" })).rejects.toThrow(
      /sampler: expected one of/,
    );
    await expect(referencesFromFolder({ ...shared, viewers: 1e9, memoryLimit: 1e9 })).rejects.toThrow(
      new PlanError(
        "references: 1000000000 sequences of 3 fixations must fit into 1000000000 bytes, got 248000000000",
        248e9,
        1e9,
      ),
    );
  });
});

describe("references to labeled folders", () => {
  it("number labels by name, and list images that have none", async () => {
    const folder = await newFolder();
    for (const label of ["dog", "cat", "empty"]) await mkdir(join(folder, label));
    for (const name of ["dog/1.png", "cat/1.png", "cat/0.png", "z.png", "y.png"])
      await writeImage(join(folder, name), 20, 20);
    await writeFile(join(folder, "cat/notes.txt"), "");
    await writeFile(join(folder, "cat/bad.png"), "no picture");
    const found = await referencesFromLabeled({ folder, steps: 3, viewers: 2, key: key(1) });
    expect(found.labels).toEqual(["cat", "dog"]);
    expect(found.sequences.map((s) => [found.images[s.image].name, s.viewer, s.label])).toEqual([
      ["cat/0.png", 0, 0],
      ["cat/0.png", 1, 0],
      ["cat/1.png", 0, 0],
      ["cat/1.png", 1, 0],
      ["dog/1.png", 0, 1],
      ["dog/1.png", 1, 1],
    ]);
    expect(found.sequences[2].fixations).not.toEqual(found.sequences[4].fixations);
    expect((await found.images[2].load()).name).toBe("dog/1.png");
    expect(found.problems.map((p) => p.file)).toEqual([
      "y.png",
      "z.png",
      "cat/*.txt",
      "empty/",
      "cat/bad.png",
    ]);
    await expect(
      referencesFromLabeled({ folder: join(folder, "dog"), steps: 3, key: key(1) }),
    ).rejects.toThrow(
      /expected folders of images in .*dog, each named by a label, got none; the first problem: 1.png: lies beside/,
    );
    await expect(
      referencesFromLabeled({ folder: join(folder, "none"), steps: 3, key: key(1) }),
    ).rejects.toThrow(DataError);
  });
});

describe("references to scenes", () => {
  const options = { count: 5, width: 48, height: 40, viewers: 2, steps: 4, key: key(3) };

  it.each(["centerBiased", "saliency"])("are the same of the same key, with %s", async (sampler) => {
    const small = { ...options, count: 2, sampler };
    const [found, again, other] = [small, small, { ...small, key: key(4) }].map((o) =>
      referencesFromScenes(o),
    );
    expect(found.sequences.map(({ image, viewer }) => [image, viewer])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(again.sequences).toEqual(found.sequences);
    expect(other.sequences).not.toEqual(found.sequences);
    expect(await found.images[1].load()).toEqual(sceneNamed(small, "scene-00002"));
  });

  it("split by image, all images with both halves", () => {
    const all = referencesFromScenes(options);
    const { train, test } = splitReferences(all, { test: 0.4 });
    expect([imagesOf(train).length, imagesOf(test)]).toEqual([3, ["scene-00004", "scene-00005"]]);
    expect([train.images, test.images]).toEqual([all.images, all.images]);
    expect(train.sequences.length + test.sequences.length).toBe(all.sequences.length);
    expect(() => splitReferences(all, { test: 2 })).toThrow(/share of test images in \[0, 1\], got 2/);
    const astray = { ...all, sequences: [{ ...all.sequences[0], image: 5 }] };
    expect(() => splitReferences(astray, { test: 0 })).toThrow(
      "split: expected the data set.sequences[0] on one of 5 images, got image 5",
    );
  });
});

describe("galleries", () => {
  const all = referencesFromScenes({ count: 4, width: 40, height: 33, viewers: 1, steps: 2, key: key(1) });
  // 40 x 33, 20 x 17 and 10 x 9 pixels
  const each = 3 * (1320 + 340 + 90);

  it("that do not fit are refused before an image is made", async () => {
    let loaded = 0;
    const images = all.images.map((image) => ({
      ...image,
      load: () => {
        loaded++;
        return image.load();
      },
    }));
    const opening = openGallery({ ...all, images }, { memoryLimit: 4 * each - 1 });
    await expect(opening).rejects.toThrow(
      new PlanError(
        `gallery: the pyramids of 4 images must fit into ${4 * each - 1} bytes, got ${4 * each}`,
        4 * each,
        4 * each - 1,
      ),
    );
    expect(loaded).toBe(0);
  });

  it.each([1, 3])("decode what sequences look at and no more, %d at a time", async (parallel) => {
    const { train } = splitReferences(all, { test: 0.5 });
    const done: number[] = [];
    let [now, most] = [0, 0];
    const images = all.images.map((image) => ({
      ...image,
      load: async () => {
        most = Math.max(most, ++now);
        await new Promise((go) => setTimeout(go, 5));
        now--;
        return image.load();
      },
    }));
    const gallery = await openGallery(
      { ...train, images },
      { parallel, onProgress: (n, of) => done.push(n, of) },
    );
    expect([gallery.bytes, most, done]).toEqual([2 * each, Math.min(parallel, 2), [1, 2, 2, 2]]);
    expect(gallery.pyramid(1).levels[0].data).toEqual((await all.images[1].load()).data);
    expect(() => gallery.pyramid(3)).toThrow(/one of the 2 images here, got image 3/);
    expect(() => gallery.pyramid(-1)).toThrow(/number of an image to be a whole number/);
  });

  it("share the same pixels with other threads where they are asked to", async () => {
    const [own, shared] = [await openGallery(all), await openGallery(all, { shared: true })];
    for (const i of [0, 3]) {
      expect(shared.pyramid(i)).toEqual(own.pyramid(i));
      const buffers = new Set(shared.pyramid(i).levels.map(({ data }) => data.buffer));
      expect([...buffers].map((b) => [b instanceof SharedArrayBuffer, b.byteLength])).toEqual([[true, each]]);
    }
    expect(shared.bytes).toBe(own.bytes);
  });

  it("take no image of another size, and need one at least", async () => {
    const images = all.images.map((image) => ({ ...image, width: 41 }));
    await expect(openGallery({ ...all, images })).rejects.toThrow(
      "gallery: expected images that can be decoded, got none of 4; the first problem: gallery: expected 41 x 33 pixels of scene-00001, got 40 x 33",
    );
    const failing = all.images.map((image) => ({
      ...image,
      load: () => Promise.reject(new RangeError("mine")),
    }));
    await expect(openGallery({ ...all, images: failing })).rejects.toThrow(new RangeError("mine"));
    const none = await openGallery({ ...all, sequences: [] });
    expect([none.bytes, none.references.sequences]).toEqual([0, []]);
  });
});

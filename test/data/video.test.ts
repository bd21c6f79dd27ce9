import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BackendError, DataError, PlanError } from "../../src/core/errors.js";
import { foldIn, key } from "../../src/core/prng.js";
import { salientOn } from "../../src/data/fixations.js";
import {
  type Image,
  movingScene,
  openGallery,
  pyramid,
  referencesFromVideo,
  saliencyMap,
  splitReferences,
} from "../../src/data/index.js";
import { framesOf } from "../../src/data/node/video.js";
import { kindAt } from "../../src/rjepa/run/source.js";
import { newFolder, writeImage } from "../support/images.js";
import { missing, writeVideo } from "../support/video.js";

const [width, height] = [96, 64];
const scene = (n: number, seed = 1): Image[] => [...movingScene(key(seed), width, height, "v", n)];

async function clip(n: number, rate = 10, name = "clip.mkv", seed = 1): Promise<string> {
  const path = join(await newFolder(), name);
  writeVideo(path, scene(n, seed), rate);
  return path;
}

const shared = { steps: 4, key: key(3), rate: 10, viewers: 2 };

/** The reason for which a single file is refused. */
const refusal = (videos: string, options: object = {}): Promise<unknown> =>
  referencesFromVideo({ ...shared, ...options, videos }).then(
    () => null,
    (error) => error,
  );

describe.skipIf(missing !== "")(`a video${missing}`, () => {
  it("is read frame by frame, without a change of a pixel where it is neither shrunk nor slowed", async () => {
    const path = await clip(7);
    const found: Uint8Array[] = [];
    for await (const frame of framesOf(path, { rate: 10, maxSide: 96 })) {
      expect([frame.width, frame.height]).toEqual([width, height]);
      found.push(frame.data);
    }
    expect(found).toEqual(scene(7).map(({ data }) => data));
  });

  it("is read at another rate, shrunk, and from the middle, to the same bits as from its start", async () => {
    const path = await clip(30);
    const reading = { rate: 3, maxSide: 48 };
    const all: Uint8Array[] = [];
    for await (const frame of framesOf(path, reading)) {
      expect([frame.width, frame.height]).toEqual([48, 32]);
      all.push(frame.data);
    }
    expect(all.length).toBe(9);
    const some: Uint8Array[] = [];
    for await (const frame of framesOf(path, { ...reading, from: 4, count: 3 })) some.push(frame.data);
    expect(some).toEqual(all.slice(4, 7));
    // a frame of 2 x 2 pixels averaged: its mean is that of the whole
    const meanOf = (data: Uint8Array) => data.reduce((a, b) => a + b, 0) / data.length;
    // within a rounding and what the program's filter of areas is off at the edges
    expect(Math.abs(meanOf(all[0]) - meanOf(scene(1)[0].data))).toBeLessThan(2);
  });

  it("alone is cut into stretches that share no frame, of which the last are for testing", async () => {
    const videos = await clip(27);
    const all = await referencesFromVideo({ ...shared, videos, stretch: 0.6 });
    expect(all.images.map(({ name, frames }) => [name, frames])).toEqual([
      ["clip.mkv 00000.00-00000.60 s", 6],
      ["clip.mkv 00000.60-00001.20 s", 6],
      ["clip.mkv 00001.20-00001.80 s", 6],
      ["clip.mkv 00001.80-00002.40 s", 6],
    ]);
    const gallery = await openGallery(all);
    expect(gallery.references.problems).toEqual([]);
    const frames = scene(27);
    for (const [image] of all.images.entries())
      for (let frame = 0; frame < 6; frame++)
        expect(gallery.pyramid(image, frame).levels[0].data).toEqual(frames[6 * image + frame].data);
    expect(gallery.bytes).toBe(
      24 * pyramid(frames[0]).levels.reduce((sum, { data }) => sum + data.length, 0),
    );
    expect((await all.images[2].load()).data).toEqual(frames[12].data);
    const { train, test } = splitReferences(all, { test: 0.5 });
    expect(new Set(train.sequences.map(({ image }) => image))).toEqual(new Set([0, 1]));
    expect(new Set(test.sequences.map(({ image }) => image))).toEqual(new Set([2, 3]));
    const again = await referencesFromVideo({ ...shared, videos, stretch: 0.6 });
    expect(again.sequences).toEqual(all.sequences);
  });

  it("of several is one image each, and what is no video beside them is a problem", async () => {
    const folder = await newFolder();
    writeVideo(join(folder, "a.mkv"), scene(9), 10);
    writeVideo(join(folder, "b.avi"), scene(12, 2), 10);
    writeVideo(join(folder, "c.mkv"), scene(3, 3), 10);
    await writeFile(join(folder, "d.mp4"), "no video");
    await writeFile(join(folder, "notes.txt"), "");
    const all = await referencesFromVideo({ ...shared, videos: folder });
    expect(all.images.map(({ name, frames }) => [name, frames])).toEqual([
      ["a.mkv", 9],
      ["b.avi", 12],
    ]);
    expect(all.problems.map(({ file }) => file)).toEqual(["notes.txt", "d.mp4", "c.mkv"]);
    expect(all.problems[2].reason).toMatch(/at least 4 frames of c.mkv at 10 per second, .* got 3$/);
    for (const { image, frames } of all.sequences)
      expect([...frames!].every((f) => f >= 0 && f < all.images[image].frames!)).toBe(true);
  });

  it("is looked at where the frames that are there stand out", async () => {
    const videos = await clip(8);
    const { sequences, images } = await referencesFromVideo({ ...shared, videos, sampler: "saliency" });
    const maps = scene(8).map(saliencyMap);
    for (const { viewer, fixations, frames, image } of sequences) {
      const own = foldIn(foldIn(shared.key, images[image].name), viewer);
      expect(fixations).toEqual(salientOn(own, 4, width, height, (t) => maps[frames![t]]));
    }
  });

  it("that is none, cut off, damaged, too short, or without pictures is refused in one sentence", async () => {
    const folder = await newFolder();
    const whole = await clip(60);
    const bytes = await readFile(whole);
    const write = async (name: string, content: Uint8Array | string): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const cut = await write("cut.mkv", bytes.subarray(0, Math.floor(bytes.length / 2)));
    for (const [path, said] of [
      [await write("text.mp4", "no video"), /cannot decode text.mp4: /],
      [await write("empty.mp4", ""), /cannot decode empty.mp4: /],
      [cut, /cut off/],
      [join(folder, "none.mp4"), /cannot read .*none.mp4: no such file/],
      [await clip(3), /at least 4 frames .* got 3/],
    ] as const) {
      const error = (await refusal(path)) as DataError;
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(said);
      expect(error.message).not.toContain("\n");
    }
    await mkdir(join(folder, "empty"));
    expect(((await refusal(join(folder, "empty"))) as Error).message).toMatch(/expected videos in .*empty/);
  });

  it("that does not fit is refused with what it would need, before it is held", async () => {
    const videos = await clip(40);
    const each = pyramid(scene(1)[0]).levels.reduce((sum, { data }) => sum + data.length, 0);
    const error = (await refusal(videos, { memoryLimit: 39 * each })) as PlanError;
    expect(error).toBeInstanceOf(PlanError);
    expect([error.needed, error.available]).toEqual([40 * each, 39 * each]);
    expect(await refusal(videos, { memoryLimit: 40 * each })).toBeNull();
  });

  it("needs ffmpeg, and says so where it is not there", async () => {
    const videos = await clip(5);
    const { PATH } = process.env;
    process.env.PATH = await newFolder();
    try {
      const error = (await refusal(videos)) as BackendError;
      expect(error).toBeInstanceOf(BackendError);
      expect(error.message).toMatch(
        /^video: decoding needs the programs ffmpeg and ffprobe, and ffprobe is not there; install /,
      );
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe("what --images leads to", () => {
  it("is a video, videos alone, or else a folder of images", async () => {
    const folder = await newFolder();
    expect(await kindAt(folder)).toBe("folder");
    await writeFile(join(folder, "a.MP4"), "");
    await writeFile(join(folder, "notes.txt"), "");
    expect(await kindAt(folder)).toBe("video");
    expect(await kindAt(join(folder, "a.MP4"))).toBe("video");
    // a camera leaves short videos beside its photographs: these are what is meant
    await writeImage(join(folder, "a.jpg"), 8, 8);
    expect(await kindAt(folder)).toBe("folder");
    expect(await kindAt(join(folder, "none"))).toBe("folder");
  });
});

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { ArgumentError, DataError, PlanError } from "../../../src/core/errors.js";
import { key } from "../../../src/core/prng.js";
import { movingScene, openGallery, referencesFromScenes, splitReferences } from "../../../src/data/index.js";
import { fixationsOf } from "../../../src/rjepa/parts/data.js";
import { orderOf, stepsOf } from "../../../src/rjepa/parts/steps.js";
import { startCutting } from "../../../src/rjepa/run/cutting.js";
import { type Loader, type LoaderOptions, openLoader } from "../../../src/rjepa/run/loader.js";
import { referencesOf } from "../../../src/rjepa/run/source.js";
import { newFolder, writeBadImages } from "../../support/images.js";
import { missing as withoutVideo, writeVideo } from "../../support/video.js";

const scenes = { count: 6, width: 64, height: 48, viewers: 3 };
const options: LoaderOptions = {
  source: { kind: "scenes", ...scenes },
  steps: 4,
  key: key(5),
  test: 1 / 3,
  cutting: { input: { crops: [16, 32], size: 4 }, batch: 5, key: key(9) },
  updates: 12,
};

const opened: Loader[] = [];
async function open(some: Partial<LoaderOptions> = {}): Promise<Loader> {
  const loader = await openLoader({ ...options, ...some });
  opened.push(loader);
  return loader;
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((loader) => loader.close()));
});

/** What is cut without a loader. */
async function alone({ cutting, source } = options) {
  const all = await referencesOf(source, options.steps, options.key);
  const gallery = await openGallery(all);
  const { train } = splitReferences(all, { test: options.test });
  return (update: number) => stepsOf(gallery, train, cutting, orderOf(cutting), update);
}

describe("a loader", () => {
  it.each(["none", "shuffle"] as const)(
    "cuts in its thread what is cut without one, to the bit, with control %s",
    async (control) => {
      const cutting = { ...options.cutting, control };
      const [loader, cut] = [await open({ cutting }), await alone({ ...options, cutting })];
      expect(loader.note).toBeNull();
      for (let update = 0; update < options.updates; update++)
        expect(await loader.batch(update)).toEqual(cut(update));
    },
  );

  it("cuts in its thread what moves, to the bit", async () => {
    const source = { kind: "scenes", moving: true, frames: 6, ...scenes } as const;
    const [loader, cut] = [await open({ source }), await alone({ ...options, source })];
    expect(loader.note).toBeNull();
    for (let update = 0; update < options.updates; update++)
      expect(await loader.batch(update)).toEqual(cut(update));
    // of 6 frames each, where the pictures of still scenes are one
    expect(loader.gallery.bytes).toBe(6 * (await open()).gallery.bytes);
  });

  it.skipIf(withoutVideo !== "")(
    `cuts in its thread what a video shows, to the bit${withoutVideo}`,
    async () => {
      const videos = join(await newFolder(), "clip.mkv");
      writeVideo(videos, [...movingScene(key(1), 64, 48, "v", 50)], 10);
      const source = { kind: "video", videos, rate: 10, stretch: 1, viewers: 4 } as const;
      const [loader, cut] = [await open({ source }), await alone({ ...options, source })];
      expect(loader.note).toBeNull();
      expect(loader.references.images.length).toBe(5);
      for (let update = 0; update < options.updates; update++)
        expect(await loader.batch(update)).toEqual(cut(update));
    },
  );

  it("gives any batch in any order, twice, and several at a time", async () => {
    const [loader, cut] = [await open({ ahead: 2 }), await alone()];
    for (const update of [7, 8, 8, 2, 11, 3, 4]) expect(await loader.batch(update)).toEqual(cut(update));
    const asked = [9, 1, 9, 2, 0];
    expect(await Promise.all(asked.map((update) => loader.batch(update)))).toEqual(asked.map(cut));
  });

  it("has training and test images in one memory, from which figures cut at once", async () => {
    const loader = await open();
    const names = ({ sequences }: typeof loader.train): string[] => [
      ...new Set(sequences.map(({ image }) => loader.references.images[image].name)),
    ];
    expect(names(loader.test)).toEqual(["scene-00005", "scene-00006"]);
    expect([names(loader.train).length, loader.references.sequences.length]).toEqual([4, 18]);
    for (let i = 0; i < scenes.count; i++)
      for (const { data } of loader.gallery.pyramid(i).levels)
        expect(data.buffer).toBeInstanceOf(SharedArrayBuffer);
    const seen = fixationsOf(loader.gallery, loader.test, options.cutting.input);
    expect(seen.crops([0, 5], 1, 3).length).toBe(2 * 2 * 2 * 3 * 16);
    await loader.close();
    expect(seen.crops([0, 5], 1, 3).length).toBe(2 * 2 * 2 * 3 * 16);
  });

  it("tells how long it let wait", async () => {
    const loader = await open();
    expect(loader.waited).toEqual({ seconds: 0, share: 0 });
    await loader.batch(0);
    await loader.batch(9);
    const { seconds, share } = loader.waited;
    expect(seconds).toBeGreaterThan(0);
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(1);
  });

  it("goes on without images that cannot be decoded, which are problems of it", async () => {
    const images = await newFolder();
    await writeBadImages(images);
    const loader = await open({
      source: { kind: "folder", images, viewers: 3, maxSide: 40 },
      test: 0,
      cutting: { ...options.cutting, batch: 2 },
    });
    expect(loader.problems.map(({ file }) => file)).toEqual(["text.png", "cut.jpg"]);
    expect((await loader.batch(0)).length).toBe(options.steps);
  });

  it("refuses before images are decoded what does not fit, and what is too little for a batch", async () => {
    let decoded = 0;
    const onProgress = (): void => {
      decoded++;
    };
    const refused = (some: Partial<LoaderOptions>) => expect(open({ ...some, onProgress })).rejects;
    // pyramids of 64 x 48, 32 x 24 and 16 x 12 pixels; 6 batches of 20 fixations, each with a saccade, a position and at most a label,
    // and what is cut for one
    const images = 6 * 3 * (3072 + 768 + 192);
    const batches = 20 * (6 * (5 * 128 + 20) + 8 * 128);
    await refused({ memoryLimit: images + batches - 1 }).toThrow(
      new PlanError(
        `loader: 6 images and 6 batches must fit into ${images + batches - 1} bytes, got ${images + batches}`,
        images + batches,
        images + batches - 1,
      ),
    );
    await refused({ cutting: { ...options.cutting, batch: 13 } }).toThrow(
      new DataError("train: expected at least 13 sequences for a batch of 13, got 12"),
    );
    expect(decoded).toBe(0);
    await open({ memoryLimit: images + batches });
  });

  it("says in one sentence what is wrong with options and updates", async () => {
    const refused = (some: object) => expect(open(some)).rejects;
    await refused({ source: { kind: "film" } }).toThrow(
      'data: expected the kind of the source to be one of folder, labeled, video, scenes, got "film"',
    );
    await refused({ ahead: 0 }).toThrow("loader: expected ahead to be a whole number from 1 to 64, got 0");
    await refused({ test: 2 }).toThrow("loader: expected test to be a share of images in [0, 1], got 2");
    await refused({ cutting: { ...options.cutting, control: "none of these" } }).toThrow(
      /^loader: expected cutting.control to be one of none, shuffle, got "none of these"$/,
    );
    const loader = await open();
    await expect(loader.batch(12)).rejects.toThrow(
      "loader: expected update to be a whole number from 0 to 11, got 12",
    );
    expect((await loader.batch(11)).length).toBe(4);
  });

  it("that is closed during work lets nobody wait, then or later", async () => {
    const loader = await open();
    const waiting = [0, 5, 6].map((update) => loader.batch(update));
    // nobody waits for this one
    void loader.batch(3);
    const closing = loader.close();
    const closed = new ArgumentError("loader: expected a loader that is open, got a closed one");
    for (const batch of await Promise.allSettled(waiting))
      expect(batch).toMatchObject({ status: "rejected", reason: closed });
    await closing;
    await expect(loader.batch(1)).rejects.toThrow(closed);
    await loader.close();
  });

  it.each(["await loader.close();", ""])("lets the process end: %s", async (end) => {
    const folder = await newFolder();
    const url = (file: string): string =>
      JSON.stringify(new URL(`../../../src/${file}`, import.meta.url).href);
    const lines = [
      `import { openLoader } from ${url("rjepa/run/loader.ts")};`,
      `const loader = await openLoader(${JSON.stringify(options)});`,
      "console.log(loader.note, (await loader.batch(3)).length);",
      end,
    ];
    await writeFile(join(folder, "script.mjs"), lines.join("\n"));
    const tsx = pathToFileURL(
      fileURLToPath(new URL("../../../node_modules/tsx/dist/esm/index.mjs", import.meta.url)),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", tsx.href, join(folder, "script.mjs")],
      { timeout: 30_000 },
    );
    expect(stdout).toBe("null 4\n");
  });
});

describe("a thread that", () => {
  const ready = 'const { parentPort: p } = require("node:worker_threads"); p.postMessage({ isReady: true });';
  /** Batches of a thread that does something else. */
  async function from(code: string) {
    const all = referencesFromScenes({ ...scenes, steps: options.steps, key: options.key });
    const gallery = await openGallery(all, { shared: true });
    const extent = { updates: 12, ahead: 3 };
    return startCutting(gallery, all, options.cutting, extent, () => ({
      entry: code,
      options: { eval: true, resourceLimits: { maxOldGenerationSizeMb: 16 } },
    }));
  }
  const over = "loader: expected the thread that cuts batches to go on, got";

  it.each([
    ["stops", "process.exit(3);", `${over} its end with code 3`],
    ["throws", 'throw new TypeError("mine");', `${over} an error: mine`],
    [
      "eats all memory",
      "const a = []; for (;;) a.push(new Array(1e5).fill(a.length));",
      /^loader: .* memory limit/,
    ],
    [
      "fails on a batch",
      'p.postMessage({ failed: { name: "DataError", message: "cut: expected this, got that", file: "a.jpg" } });',
      "cut: expected this, got that",
    ],
    [
      "has no memory for a batch",
      'p.postMessage({ failed: { name: "RangeError", message: "Array buffer allocation failed" } });',
      "loader: expected a batch, got an error: Array buffer allocation failed",
    ],
  ])("%s fails whoever waits, and whoever asks later", async (_, code, message) => {
    const batches = await from(`${ready} p.on("message", () => { ${code} });`);
    expect(batches.note).toBeNull();
    batches.hold(true);
    const failed = await Promise.allSettled([0, 1, 7].map((update) => batches.ask(update)));
    for (const { reason } of failed as PromiseRejectedResult[]) {
      expect(reason).toBeInstanceOf(DataError);
      expect(reason.message).toMatch(message);
      expect(reason).toBe((failed[0] as PromiseRejectedResult).reason);
    }
    await expect(batches.ask(2)).rejects.toBe((failed[0] as PromiseRejectedResult).reason);
    await batches.close(new Error("too late"));
  });

  it.each([
    ["throws at once", 'throw new Error("no start");', `${over} an error: no start`],
    ["ends at once", "", `${over} its end with code 0`],
  ])("%s leaves cutting to the main one, which says so", async (_, code, message) => {
    const batches = await from(code);
    expect(batches.note).toBe(
      `loader: batches are cut when they are asked for, since no thread could be started: ${message}`,
    );
    expect((await batches.ask(3)).length).toBe(4);
    await batches.close(new Error("closed"));
    await expect(batches.ask(3)).rejects.toThrow("closed");
  });
});

const osie = fileURLToPath(new URL("../../../../shared/data/osie/", import.meta.url));
const missing = existsSync(osie) ? "" : " (left out: ../shared/data/osie is not beside this checkout)";
describe.skipIf(missing !== "")(`OSIE${missing}`, () => {
  it("is cut ahead in little memory", async () => {
    const before = process.memoryUsage().rss;
    const loader = await open({
      source: {
        kind: "folder",
        images: join(osie, "images"),
        scanpaths: join(osie, "scanpaths.json"),
        maxSide: 224,
      },
      steps: 8,
      test: 0.2,
      cutting: { input: { crops: [64, 128, 256], size: 16 }, batch: 64, key: key(1) },
    });
    for (let update = 0; update < options.updates; update++)
      expect((await loader.batch(update)).length).toBe(8);
    expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
  });
});

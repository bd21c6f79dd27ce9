import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foldIn, key } from "../../../src/core/prng.js";
import { openGallery } from "../../../src/data/gallery.js";
import { sceneName, sceneNamed } from "../../../src/data/scene-names.js";
import { load, type Tensor } from "../../../src/index.js";
import { fixationsOf } from "../../../src/rjepa/parts/data.js";
import { representationOf } from "../../../src/rjepa/parts/read.js";
import { embed } from "../../../src/rjepa/run/embed.js";
import { evaluate } from "../../../src/rjepa/run/evaluate.js";
import { files } from "../../../src/rjepa/run/files.js";
import { RunFolder } from "../../../src/rjepa/run/folder.js";
import { beside, type RunResult } from "../../../src/rjepa/run/result.js";
import { run } from "../../../src/rjepa/run/run.js";
import { looks, openRun } from "../../../src/rjepa/run/session.js";
import { referencesOf, type Source } from "../../../src/rjepa/run/source.js";
import { run as onward } from "../../support/command-line.js";
import { scenes, smallRun } from "./small-run.js";

const config = smallRun({ updates: 6 });

let path = "";
let done: RunResult;
const at = (name: string): string => join(path, name);

async function trained(name: string, stopAt = Number.POSITIVE_INFINITY): Promise<RunResult | null> {
  const folder = await RunFolder.open("test", at(name));
  let made = 0;
  try {
    return await run(config, {
      folder,
      isStopped: () => made >= stopAt,
      onProgress: ({ update }) => {
        made = update;
      },
    });
  } finally {
    await folder.close();
  }
}

/** Scenes as pictures in a folder: those that a run of this seed learns from, or others. */
async function pictures(name: string, seed: number, numbers: readonly number[]): Promise<string> {
  await mkdir(at(name), { recursive: true });
  for (const i of numbers) {
    const { width, height, data } = sceneNamed({ key: foldIn(key(seed), "data"), ...scenes }, sceneName(i));
    await sharp(Buffer.from(data), { raw: { width, height, channels: 3 } }).toFile(
      join(at(name), `${i}.png`),
    );
  }
  return at(name);
}
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const folderOf = (images: string): Source => ({ kind: "folder", images, viewers: 3, sampler: "uniform" });

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), "onward-evaluate-"));
  done = (await trained("done")) as RunResult;
  await trained("half", 3);
}, 240_000);
afterAll(() => rm(path, { recursive: true, force: true }));

/** All that a folder holds, and since when. */
const contentOf = async (folder: string) =>
  Promise.all(
    (await readdir(folder))
      .sort()
      .map(async (name) => [
        name,
        (await stat(join(folder, name))).mtimeMs,
        await readFile(join(folder, name), "utf8"),
      ]),
  );

describe("evaluate", () => {
  it("finds on a run's own images what the run has found, and leaves the run as it is", async () => {
    const before = await contentOf(at("done"));
    const found = await evaluate("evaluate", at("done"), {});
    expect(found).toEqual(done);
    expect(await contentOf(at("done"))).toEqual(before);
  }, 120_000);

  it("judges an unfinished run as far as its checkpoint goes, and other images, all of them", async () => {
    const images = await pictures("others", 99, upTo(5));
    const found = await evaluate("evaluate", at("half"), { source: folderOf(images) });
    expect([found.updates, found.losses.length]).toEqual([3, 3]);
    expect([found.images, found.sequences]).toEqual([
      { train: 6, test: 5 },
      { train: 18, test: 15 },
    ]);
    expect(found.table?.images).toBe(5);
    expect(found.elsewhere).toEqual(folderOf(images));
    expect(found.table?.rows.trained).not.toEqual(done.table?.rows.trained);
    // neither stands beside a run that was judged on others
    expect(() => beside(done, [found])).toThrow(/expected runs that were judged on the same sequences/);
    const again = await evaluate("evaluate", at("done"), { source: folderOf(images) });
    expect(beside(again, [found]).representations).toEqual(["trained", "untrained", "online"]);
  }, 240_000);

  it("refuses images that the run has learned from, whatever they are called", async () => {
    // the first half by name are for training
    const learned = await pictures("learned", 3, [0, 7]);
    await expect(evaluate("evaluate", at("done"), { source: folderOf(learned) })).rejects.toThrow(
      /expected images that the run has not learned from, got 1 of its training images, such as 0\.png/,
    );
  }, 120_000);

  it("refuses a run whose configuration is not what it was, or that has no checkpoint", async () => {
    await mkdir(at("changed"));
    for (const name of [files.config, files.checkpoint])
      await writeFile(join(at("changed"), name), await readFile(join(at("done"), name)));
    const text = await readFile(join(at("changed"), files.config), "utf8");
    await writeFile(join(at("changed"), files.config), text.replace('"decay": 0.0001', '"decay": 0.0002'));
    await expect(evaluate("evaluate", at("changed"), {})).rejects.toThrow(/are not what they were/);
    await rm(join(at("changed"), files.checkpoint));
    await expect(evaluate("evaluate", at("changed"), {})).rejects.toThrow(
      /cannot read .*checkpoint.*: no such file/,
    );
    await expect(evaluate("evaluate", at("nowhere"), {})).rejects.toThrow(/expected the folder of a run/);
  }, 120_000);

  it("as a command prints the table, and writes figures and report where it is asked to", async () => {
    const { status, out } = await onward("evaluate", at("half"), "--out", at("judged"));
    expect(status).toBe(0);
    expect(out).toMatch(/^online: \d+ parameters, 3 of 6 updates/m);
    expect(out).toMatch(/^trained +/m);
    expect((await readdir(at("judged"))).sort()).toEqual([files.figures, files.report]);
    expect(await readFile(join(at("judged"), files.report), "utf8")).toContain("3 updates of 6");
    const beside = await onward("figures", at("judged"), "--beside", at("done"));
    expect(beside.out).toMatch(/beside online$/m);
    const other = await onward("evaluate", at("half"), "--out", at("done"));
    expect([other.status, other.err]).toEqual([1, expect.stringMatching(/without another run for --out/)]);
    const given = await onward("evaluate", at("half"), "--viewers", "3");
    expect([given.status, given.err]).toEqual([
      1,
      expect.stringMatching(/--viewers: expected --images with it/),
    ]);
  }, 240_000);
});

interface Features {
  readonly h: Tensor;
  readonly c: Tensor;
  readonly fixations: Tensor;
  readonly image: Tensor;
  readonly viewer: Tensor;
  readonly images: readonly string[];
  readonly updates: number;
}
const numbers = (t: Tensor): number[] => [t.toArray()].flat(9) as number[];

describe("embed", () => {
  it("writes what the model makes of each sequence, in order, and leaves out what cannot be decoded", async () => {
    // more images than are decoded at once
    const images = await pictures("pictures", 99, upTo(11));
    const png = await readFile(join(images, "2.png"));
    // its head is whole, its pixels are not
    await writeFile(join(images, "2.png"), png.subarray(0, png.length >> 1));
    const source = folderOf(images);
    const out = at("features.safetensors");
    const made = await embed("embed", at("done"), { source, out });
    expect(made).toMatchObject({ images: 10, sequences: 30, steps: 4, sizes: { h: 3, c: 18 }, updates: 6 });
    expect(made.problems.map(({ file }) => file)).toEqual(["2.png"]);

    const found = load<Features>(await readFile(out));
    expect([found.h, found.c, found.fixations].map(({ shape }) => shape)).toEqual([
      [30, 4, 3],
      [30, 4, 18],
      [30, 4, 2],
    ]);
    // all at once, by the parts that figures are made of
    const session = await openRun("test", at("done"), { judges: false });
    const reader = session.trainer.reader(session.looked(looks));
    await session.loader.close();
    const all = await openGallery(await referencesOf(source, 4, foldIn(key(3), "data")));
    const { references } = all;
    const seen = fixationsOf(all, references, config.recipe.preset.input);
    const read = representationOf("all", reader).read(seen.crops(upTo(30), 0, 4), 30, 4);
    // products of matrices of other heights may round otherwise, in float32
    const near = (a: readonly number[], b: ArrayLike<number>): number =>
      Math.max(...a.map((v, i) => Math.abs(v - b[i])));
    expect(numbers(found.h)).toHaveLength(read.h.length);
    expect(near(numbers(found.h), read.h)).toBeLessThan(1e-5);
    expect(near(numbers(found.c), read.context as Float64Array)).toBeLessThan(1e-5);
    expect(numbers(found.fixations)).toEqual(references.sequences.flatMap(({ fixations }) => [...fixations]));
    expect(numbers(found.image).map((i) => found.images[i])).toEqual(
      references.sequences.map(({ image }) => references.images[image].name),
    );
    expect(numbers(found.viewer)).toEqual(references.sequences.map(({ viewer }) => viewer));
    expect(found.updates).toBe(6);
    expect((await readdir(path)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  }, 120_000);

  it("as a command says what it wrote, and refuses what it cannot do before it reads images", async () => {
    const images = await pictures("few", 98, upTo(2));
    const out = at("few.safetensors");
    const { status, out: said } = await onward(
      "embed",
      at("done"),
      "--images",
      images,
      "--viewers",
      "2",
      "--out",
      out,
    );
    expect([status, said]).toEqual([
      0,
      expect.stringMatching(/h \[4, 4, 3\] and c \[4, 4, 18\] of 2 images, by the model of update 6/),
    ]);
    for (const [args, sentence] of [
      [["--out", out], /--images: expected a folder/],
      [["--images", images], /--out: expected a file/],
      [["--images", images, "--out", at("none/x.safetensors")], /cannot write .*: there is no such folder/],
      [["--images", images, "--out", path], /there is a folder of this name/],
      [["--images", images, "--sampler", "dice", "--out", out], /sampler: expected one of uniform/],
      [["--images", at("none"), "--out", out], /expected a folder, got/],
    ] as const) {
      const refused = await onward("embed", at("done"), ...args);
      expect(refused.status).toBe(1);
      expect(refused.err.split("\n").filter((line) => line.startsWith("onward:"))).toEqual([
        expect.stringMatching(sentence),
      ]);
    }
  }, 120_000);
});

import { execFileSync } from "node:child_process";
import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { key } from "../../src/core/prng.js";
import { listImages, readImage } from "../../src/data/index.js";
import { decoded, newFolder, writeBadImages, writeImage } from "../support/images.js";

/** A PNG that claims a billion pixels. */
const hugePng = Buffer.concat([
  Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
  Buffer.of(0, 0, 0, 13),
  Buffer.from("IHDR"),
  Buffer.of(
    0,
    0,
    0x7f,
    0xff,
    0,
    0,
    0x7f,
    0xff,
    8,
    2,
    0,
    0,
    0,
    0xc6,
    0x90,
    0x91,
    0x6a,
    0,
    0,
    0,
    0,
    0x49,
    0x44,
    0x41,
    0x54,
    0x35,
    0xaf,
    0x06,
    0x1e,
  ),
]);

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

  it("are told by what a file holds, not by its name", { timeout: 10_000 }, async () => {
    const folder = await newFolder();
    const at = (name: string): string => join(folder, name);
    await writeImage(at("b.webp"), 40, 40);
    // of a format that is read, whatever it is called
    await rename(at("b.webp"), at("webp.jpg"));
    await writeFile(at("svg.jpg"), '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"></svg>');
    await writeFile(at("xml.png"), '<?xml version="1.0"?><svg width="40" height="40"></svg>');
    await sharp({ create: { width: 40, height: 40, channels: 3, background: "red" } })
      .gif()
      .toFile(at("a.gif"));
    await rename(at("a.gif"), at("gif.png"));
    await sharp({ create: { width: 40, height: 40, channels: 3, background: "red" } })
      .tiff()
      .toFile(at("a.tiff"));
    await rename(at("a.tiff"), at("tiff.jpeg"));
    await writeFile(at("empty.jpg"), "");
    await writeFile(at("short.jpg"), Buffer.of(0xff, 0xd8, 0xff));
    await writeFile(at("huge.png"), hugePng);
    const moving = await sharp(Buffer.alloc(40 * 80 * 3).fill(255, 40 * 40 * 3), {
      raw: { width: 40, height: 80, channels: 3, pageHeight: 40 },
    })
      .webp({ loop: 0, delay: [100, 100] })
      .toBuffer();
    await writeFile(at("moving.webp"), moving);
    execFileSync("mkfifo", [at("pipe.jpg")]);
    await mkdir(at("folder.png"));
    await symlink(at("nowhere.jpg"), at("dangling.jpg"));
    await symlink(at("webp.jpg"), at("link.jpg"));
    await writeFile(
      Buffer.concat([Buffer.from(folder), Buffer.from([0x2f, 0xff]), Buffer.from(".jpg")]),
      "x",
    );
    await writeFile(at("\x1b[31mred\n.jpg"), "x");
    await writeFile(at("notes.TXT"), "");
    await writeFile(at("more.txt"), "");
    await writeFile(at("moving.gif"), "");
    await writeFile(at("noend"), "");
    await mkdir(at("inner"));
    const set = await decoded({ images: folder, steps: 2, key: key(1) });
    expect(set.sequences.map((s) => s.image)).toEqual(["link.jpg", "webp.jpg"]);
    const [first, second] = [set.problems.slice(0, 4), set.problems.slice(4)];
    expect(first).toEqual([
      { file: "*", count: 1, reason: "1 file not named .jpg, .jpeg, .png, .webp" },
      { file: "*.gif", count: 1, reason: "1 file not named .jpg, .jpeg, .png, .webp" },
      { file: "*.txt", count: 2, reason: "2 files not named .jpg, .jpeg, .png, .webp" },
      { file: "*/", count: 1, reason: "1 folder within the folder: images are read from the folder itself" },
    ]);
    const none = "must hold a JPEG, PNG or WebP picture, got";
    expect(Object.fromEntries(second.map((p) => [p.file, p.reason.replaceAll(`${folder}/`, "")]))).toEqual({
      "\x1b[31mred\n.jpg": `images: \\u001b[31mred\\n.jpg ${none} none of the formats known`,
      "dangling.jpg": "images: cannot read dangling.jpg: no such file",
      "empty.jpg": "images: empty.jpg is empty",
      "folder.png": "images: cannot read folder.png: expected a file, got a folder",
      "gif.png": `images: gif.png ${none} GIF`,
      "huge.png": "images: cannot decode huge.png: Input image exceeds pixel limit",
      "moving.webp": "images: moving.webp must hold one picture, got 2",
      "pipe.jpg": "images: cannot read pipe.jpg: expected a file, got a pipe",
      "short.jpg": expect.stringMatching(/^images: cannot decode short.jpg: /),
      "svg.jpg": `images: svg.jpg ${none} SVG or XML`,
      "tiff.jpeg": `images: tiff.jpeg ${none} TIFF`,
      "xml.png": `images: xml.png ${none} SVG or XML`,
      "\ufffd.jpg": "images: cannot read \ufffd.jpg: its name is not valid UTF-8",
    });
  });

  it("say in one sentence what is wrong with a folder", async () => {
    const folder = await newFolder();
    await mkdir(join(folder, "empty"));
    await expect(listImages(join(folder, "none"))).rejects.toThrow(/images: expected a folder, got .*none/);
    await expect(listImages("https://a.example/b")).rejects.toThrow(
      "images: expected a folder on this machine, got the address https://a.example/b; download its images first",
    );
    await writeFile(join(folder, "a.gif"), "");
    await expect(listImages(join(folder, "a.gif"))).rejects.toThrow(
      /expected a folder, got .*a.gif \(a file\)$/,
    );
    await expect(listImages(folder)).rejects.toThrow(
      /expected JPEG, PNG or WebP files in .*, got 1 \*.gif, 1 \*\/$/,
    );
    await expect(listImages(join(folder, "empty"))).rejects.toThrow(
      /expected JPEG, PNG or WebP files in .*empty, got none/,
    );
  });

  it("that are corrupt are named and counted, and the run goes on; small ones are seen beyond their edge", async () => {
    const folder = await newFolder();
    await writeBadImages(folder);
    const set = await decoded({ images: folder, steps: 3, viewers: 2, key: key(1) });
    expect(set.sequences.map((s) => s.image)).toEqual(["small.png", "small.png", "whole.jpg", "whole.jpg"]);
    expect(set.problems.map((p) => p.file).sort()).toEqual(["cut.jpg", "text.png"]);
  });

  it("end in an error when none is usable", async () => {
    const folder = await newFolder();
    await writeFile(join(folder, "a.jpg"), "nothing");
    await expect(decoded({ images: folder, steps: 3, key: key(1) })).rejects.toThrow(
      /nothing usable in .*a\.jpg/s,
    );
  });
});

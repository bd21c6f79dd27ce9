import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { key, uniform } from "../../src/core/prng.js";
import { type Image, openGallery, referencesFromFolder } from "../../src/data/index.js";

/** A new temporary folder. */
export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "onward-"));

/** A picture with a gradient, in the format of the file's name. */
export async function writeImage(
  path: string,
  width: number,
  height: number,
  channels: 1 | 3 | 4 = 3,
): Promise<void> {
  const data = Buffer.alloc(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = channels === 4 && i % 4 === 3 ? 255 : (i * 7) % 251;
  await sharp(data, { raw: { width, height, channels } }).toFile(path);
}

/** Files that call themselves images: cut short, not an image, too small. */
export async function writeBadImages(folder: string): Promise<void> {
  await writeImage(join(folder, "whole.jpg"), 80, 70);
  const whole = await sharp(join(folder, "whole.jpg")).toBuffer();
  await writeFile(join(folder, "cut.jpg"), whole.subarray(0, Math.floor(whole.length / 3)));
  await writeFile(join(folder, "text.png"), "no picture");
  await writeImage(join(folder, "small.png"), 20, 90);
}

/** A picture in memory by its pixels, rounded to bytes. */
export const picture = (
  width: number,
  height: number,
  value: (x: number, y: number, c: number) => number,
): Image => ({
  name: "made",
  width,
  height,
  data: Uint8Array.from({ length: width * height * 3 }, (_, i) =>
    Math.round(value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3)),
  ),
});

/** A picture of white noise. */
export const noise = (width: number, height: number, seed: number): Image => ({
  name: "noise",
  width,
  height,
  data: Uint8Array.from(uniform(key(seed), 3 * width * height), (u) => 256 * u),
});

/** The picture in a mirror. */
export const mirrorImage = (image: Image): Image => {
  const { width, height, data } = image;
  return picture(width, height, (x, y, c) => data[3 * (y * width + width - 1 - x) + c]);
};

/** The sequences of a folder whose images can be decoded, by the names of these, and all that is wrong with it. */
export async function decoded(options: Parameters<typeof referencesFromFolder>[0]) {
  const { references } = await openGallery(await referencesFromFolder(options));
  const { images, sequences, problems } = references;
  return {
    sequences: sequences.map(({ image, ...seen }) => ({ ...seen, image: images[image].name })),
    problems,
  };
}

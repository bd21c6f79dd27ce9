import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";

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

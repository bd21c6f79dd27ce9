import { readdir, stat } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { BackendError, DataError } from "../core/errors.js";
import { number, options as optionsOf } from "../core/kinds.js";

import { aPath } from "./kinds.js";

/** A picture in memory. */
export interface Image {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], red, green and blue from 0 to 255. */
  readonly data: Uint8Array;
}

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp"]);

/** Paths of the images in a folder, by name. @throws DataError for a folder that is missing or holds none */
export async function listImages(folder: string): Promise<string[]> {
  aPath("images", "the folder", folder);
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) throw new DataError(`images: expected a folder, got ${folder}`, folder);
  const names = (await readdir(folder)).filter((name) => extensions.has(extname(name).toLowerCase())).sort();
  if (names.length === 0)
    throw new DataError(`images: expected JPEG, PNG or WebP files in ${folder}, got none`, folder);
  return names.map((name) => join(folder, name));
}

/** Decodes an image. @throws DataError, with the file's name, for one that is corrupt or smaller than `minSize` pixels */
export async function readImage(path: string, options: { readonly minSize?: number } = {}): Promise<Image> {
  aPath("images", "the path", path);
  optionsOf("images", options, { minSize: number });
  const sharp = await loadSharp();
  const name = basename(path);
  let decoded: { data: Buffer; info: { width: number; height: number; channels: number } };
  try {
    decoded = await sharp(path, { failOn: "error" })
      .rotate()
      .toColorspace("srgb")
      .flatten({ background: "#ffffff" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new DataError(`images: cannot decode ${name}: ${reason}`, name);
  }
  const { width, height, channels } = decoded.info;
  const least = options.minSize ?? 1;
  if (width < least || height < least)
    throw new DataError(
      `images: ${name} must be at least ${least} x ${least} pixels, got ${width} x ${height}`,
      name,
    );
  return { name, width, height, data: toColor(new Uint8Array(decoded.data), width * height, channels) };
}

/** Gray pictures become three equal channels. */
function toColor(data: Uint8Array, pixels: number, channels: number): Uint8Array {
  if (channels === 3) return data;
  const out = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) out[3 * i + c] = data[i * channels + (channels > 2 ? c : 0)];
  return out;
}

async function loadSharp(): Promise<typeof import("sharp")["default"]> {
  try {
    return (await import("sharp")).default;
  } catch {
    throw new BackendError(
      "images: decoding needs the package sharp; install it with: npm install sharp",
      "missing-peer",
    );
  }
}

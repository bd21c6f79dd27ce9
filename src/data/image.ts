import { readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import type { Metadata, Sharp } from "sharp";
import { BackendError, DataError } from "../core/errors.js";
import { number, options as optionsOf } from "../core/kinds.js";
import { reasonOf } from "../core/system-error.js";
import { aPath, mostPixels } from "./kinds.js";
import { withFile } from "./node/read.js";
import type { Problem } from "./problem.js";

/** A picture in memory. */
export interface Image {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** [height, width, 3], red, green and blue from 0 to 255. */
  readonly data: Uint8Array;
}

const extensions = new Set([".jpg", ".jpeg", ".png", ".webp"]);

/** What a folder holds. */
export interface ImageList {
  /** Paths of what is named like an image, by name. */
  readonly paths: readonly string[];
  /** All else, counted by kind. */
  readonly others: readonly Problem[];
}

/** The images in a folder by their names, and what else is there. @throws DataError where it cannot be read or holds none */
export async function listFolder(folder: string): Promise<ImageList> {
  const entries = await entriesOf(folder);
  const names = entries.filter(isNamedAsImage).map(({ name }) => name);
  const others = othersOf(entries.filter((entry) => !isNamedAsImage(entry)));
  if (names.length === 0)
    throw new DataError(
      `images: expected JPEG, PNG or WebP files in ${folder}, got ${others.map((o) => `${o.count} ${o.file}`).join(", ") || "none"}`,
      folder,
    );
  return { paths: names.sort().map((name) => join(folder, name)), others };
}

/** Something in a folder; Node's types are not everybody's. */
export interface FolderEntry {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** Whether it has the name of an image; whether it is one its first bytes tell. */
export const isNamedAsImage = ({ name }: FolderEntry): boolean => extensions.has(extensionOf(name));

/** All that is in a folder. @throws DataError where it cannot be read */
export async function entriesOf(folder: string): Promise<FolderEntry[]> {
  aPath("images", "the folder", folder);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(folder))
    throw new DataError(
      `images: expected a folder on this machine, got the address ${folder}; download its images first`,
      folder,
    );
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOTDIR"
        ? "a file"
        : code === "ENOENT"
          ? "no such folder"
          : `cannot read it: ${reasonOf(error)}`;
    throw new DataError(`images: expected a folder, got ${folder} (${reason})`, folder);
  }
}

/** Paths of the images in a folder, by name. @throws DataError for a folder that is missing or holds none */
export const listImages = async (folder: string): Promise<string[]> => [...(await listFolder(folder)).paths];

/** How a name ends, in small letters: `.jpg`. */
export const extensionOf = (name: string): string => extname(name).toLowerCase();

/** A problem for each kind of entry: folders, and files by the end of their names. */
export function othersOf(entries: readonly FolderEntry[]): Problem[] {
  const counts = new Map<string, number>();
  for (const entry of entries) {
    const kind = entry.isDirectory() ? "*/" : `*${extensionOf(entry.name)}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].sort().map(([file, count]) => ({
    file,
    count,
    reason:
      file === "*/"
        ? `${count} ${count === 1 ? "folder" : "folders"} within the folder: images are read from the folder itself`
        : `${count} ${count === 1 ? "file" : "files"} not named ${[...extensions].join(", ")}`,
  }));
}

/** How files of the formats that are read begin, and of some that are taken for them. */
const signatures: readonly (readonly [name: string, begins: RegExp])[] = [
  ["JPEG", /^\xff\xd8\xff/],
  ["PNG", /^\x89PNG\r\n.\n/s],
  ["WebP", /^RIFF.{4}WEBP/s],
  ["GIF", /^GIF8/],
  ["TIFF", /^(II\*\0|MM\0\*|II\+\0|MM\0\+)/],
  ["BMP", /^BM/],
  ["HEIF or AVIF", /^.{4}ftyp/s],
  ["PDF", /^%PDF/],
  ["SVG or XML", /^\s*(\xef\xbb\xbf)?\s*<(\?xml|svg|!)/i],
];
const headLength = 64;
const readable = new Set(["jpeg", "png", "webp"]);

/** The bytes of a picture in one of the formats that are read, told by how it begins and not by its name. */
async function pictureBytes(path: string, name: string): Promise<Buffer> {
  return withFile("images", path, async (file) => {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
    if (bytesRead === 0) throw new DataError(`images: ${name} is empty`, name);
    const head = buffer.toString("latin1", 0, bytesRead);
    const found = signatures.find(([, begins]) => begins.test(head))?.[0];
    if (found === undefined || !readable.has(found.toLowerCase()))
      throw new DataError(
        `images: ${name} must hold a JPEG, PNG or WebP picture, got ${found ?? "none of the formats known"}`,
        name,
      );
    return file.readFile();
  });
}

/** What is known of a picture before it is decoded. */
interface Opened {
  readonly name: string;
  readonly picture: Sharp;
  readonly metadata: Metadata;
}

/** Opens a picture, and does something with it. @throws DataError, with the file's name */
async function withPicture<R>(path: string, use: (opened: Opened) => Promise<R>): Promise<R> {
  const sharp = await loadSharp();
  const name = basename(path);
  const bytes = await pictureBytes(path, name);
  try {
    const picture = sharp(bytes, { failOn: "error" });
    const metadata = await picture.metadata();
    const { format, pages = 1 } = metadata;
    if (!readable.has(format))
      throw new DataError(`images: ${name} must hold a JPEG, PNG or WebP picture, got ${format}`, name);
    if (pages > 1) throw new DataError(`images: ${name} must hold one picture, got ${pages}`, name);
    return await use({ name, picture, metadata });
  } catch (error) {
    if (error instanceof DataError) throw error;
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new DataError(`images: cannot decode ${name}: ${reason}`, name);
  }
}

/**
 * Decodes an image of a regular file.
 * @throws DataError, with the file's name, for one that is of another format, animated, corrupt, or smaller than `minSize` pixels
 */
export async function readImage(path: string, options: { readonly minSize?: number } = {}): Promise<Image> {
  aPath("images", "the path", path);
  optionsOf("images", options, { minSize: number });
  return withPicture(path, async ({ name, picture }) => {
    const decoded = await picture
      .rotate()
      .toColorspace("srgb")
      .flatten({ background: "#ffffff" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const { width, height, channels } = decoded.info;
    const least = options.minSize ?? 1;
    if (width < least || height < least)
      throw new DataError(
        `images: ${name} must be at least ${least} x ${least} pixels, got ${width} x ${height}`,
        name,
      );
    return { name, width, height, data: toColor(new Uint8Array(decoded.data), width * height, channels) };
  });
}

/** The size that an image will have, from its header alone: whether the rest can be decoded is not known. @throws DataError */
export const readSize = (path: string): Promise<{ readonly width: number; readonly height: number }> =>
  withPicture(path, async ({ name, metadata: { width, height, orientation = 1 } }) => {
    if (Math.max(width, height) > mostPixels)
      throw new DataError(
        `images: ${name} must be at most ${mostPixels} pixels wide and high, got ${width} x ${height}`,
        name,
      );
    // of a camera on its side: the image is turned when it is decoded
    return orientation > 4 ? { width: height, height: width } : { width, height };
  });

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

import { readFile } from "node:fs/promises";
import { DataError } from "../core/errors.js";
import { kindOf as wordsOf } from "../core/kinds.js";
import { aPath } from "./kinds.js";

/** The fixations of one viewer on one image, in order. */
export interface Scanpath {
  /** Pixels from the left and from the top. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Milliseconds. */
  readonly duration: readonly number[];
}

/** Recorded eye movements: a list of viewers for each image. */
export interface Scanpaths {
  /** Size of the images that coordinates refer to, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly byImage: ReadonlyMap<string, readonly Scanpath[]>;
}

/** Reads a file of scanpaths. @throws DataError for a file that is missing, not JSON, or not of this structure */
export async function readScanpaths(path: string): Promise<Scanpaths> {
  aPath("scanpaths", "the path", path);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new DataError(
      `scanpaths: cannot read ${path}: ${missing ? "no such file" : (error as Error).message}`,
      path,
    );
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    throw new DataError(`scanpaths: expected JSON in ${path}`, path);
  }
  return parseScanpaths(content, path);
}

/** Checks the structure of `{width, height, scanpaths: {image: [{x, y, duration}]}}`. @throws DataError */
export function parseScanpaths(content: unknown, file: string): Scanpaths {
  aPath("scanpaths", "the name of the file", file);
  const { width, height, scanpaths } = (content ?? {}) as Record<string, unknown>;
  if (typeof width !== "number" || typeof height !== "number" || !(width > 0 && height > 0))
    throw new DataError(
      `scanpaths: expected a positive width and height in ${file}, got ${wordsOf(width)} and ${wordsOf(height)}`,
      file,
    );
  if (typeof scanpaths !== "object" || scanpaths === null || Array.isArray(scanpaths))
    throw new DataError(
      `scanpaths: expected an object "scanpaths" of images in ${file}, got ${kindOf(scanpaths)}`,
      file,
    );
  const byImage = new Map<string, readonly Scanpath[]>();
  for (const [image, viewers] of Object.entries(scanpaths)) {
    if (!Array.isArray(viewers))
      throw new DataError(`scanpaths: expected a list of viewers for ${image}, got ${kindOf(viewers)}`, file);
    byImage.set(
      image,
      viewers.map((viewer, i) => checkScanpath(viewer, `${image}, viewer ${i + 1}`, width, height, file)),
    );
  }
  if (byImage.size === 0)
    throw new DataError(`scanpaths: expected at least one image in ${file}, got none`, file);
  return { width, height, byImage };
}

function checkScanpath(viewer: unknown, who: string, width: number, height: number, file: string): Scanpath {
  const { x, y, duration } = (viewer ?? {}) as Record<string, unknown>;
  const lists = { x, y, duration };
  for (const [name, list] of Object.entries(lists)) {
    if (!Array.isArray(list))
      throw new DataError(`scanpaths: ${who}: expected a list "${name}", got ${kindOf(list)}`, file);
    const bad = list.findIndex((v) => typeof v !== "number" || !Number.isFinite(v));
    if (bad >= 0)
      throw new DataError(
        `scanpaths: ${who}: expected numbers in "${name}", got ${wordsOf(list[bad])} at fixation ${bad + 1}`,
        file,
      );
  }
  const path = lists as unknown as Scanpath;
  if (path.x.length !== path.y.length || path.x.length !== path.duration.length)
    throw new DataError(
      `scanpaths: ${who}: x, y and duration must have one length, got ${path.x.length}, ${path.y.length} and ${path.duration.length}`,
      file,
    );
  path.x.forEach((px, i) => {
    if (px < 0 || px > width || path.y[i] < 0 || path.y[i] > height)
      throw new DataError(
        `scanpaths: ${who}: fixation ${i + 1} at (${px}, ${path.y[i]}) lies outside its image of ${width} x ${height} pixels`,
        file,
      );
  });
  return path;
}

const kindOf = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;

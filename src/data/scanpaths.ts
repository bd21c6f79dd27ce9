import { DataError } from "../core/errors.js";
import { isArray } from "../core/kinds.js";
import { aPath } from "./kinds.js";
import { readJson } from "./node/read.js";

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
  return parseScanpaths(await readJson("scanpaths", path), path);
}

/** Checks the structure of `{width, height, scanpaths: {image: [{x, y, duration}]}}`. @throws DataError */
export function parseScanpaths(content: unknown, file: string): Scanpaths {
  aPath("scanpaths", "the name of the file", file);
  const { width, height, scanpaths } = ownOf(content, "width", "height", "scanpaths");
  if (!isPixels(width) || !isPixels(height))
    throw new DataError(
      `scanpaths: expected a positive width and height in whole pixels in ${file}, got ${shown(width)} and ${shown(height)}`,
      file,
    );
  if (typeof scanpaths !== "object" || scanpaths === null || isArray(scanpaths))
    throw new DataError(
      `scanpaths: expected an object "scanpaths" of images in ${file}, got ${kindOf(scanpaths)}`,
      file,
    );
  const byImage = new Map<string, readonly Scanpath[]>();
  for (const [image, viewers] of Object.entries(scanpaths)) {
    if (!isArray(viewers))
      throw new DataError(`scanpaths: expected a list of viewers for ${image}, got ${kindOf(viewers)}`, file);
    byImage.set(
      image,
      Array.from(viewers, (viewer, i) =>
        checkScanpath(viewer, `${image}, viewer ${i + 1}`, width, height, file),
      ),
    );
  }
  if (byImage.size === 0)
    throw new DataError(`scanpaths: expected at least one image in ${file}, got none`, file);
  return { width, height, byImage };
}

function checkScanpath(viewer: unknown, who: string, width: number, height: number, file: string): Scanpath {
  const lists = ownOf(viewer, "x", "y", "duration");
  for (const [name, list] of Object.entries(lists)) {
    if (!isArray(list))
      throw new DataError(`scanpaths: ${who}: expected a list "${name}", got ${kindOf(list)}`, file);
    const bad = list.findIndex((v) => typeof v !== "number" || !Number.isFinite(v));
    if (bad >= 0)
      throw new DataError(
        `scanpaths: ${who}: expected numbers in "${name}", got ${shown(list[bad])} at fixation ${bad + 1}`,
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
  const negative = path.duration.findIndex((ms) => ms < 0);
  if (negative >= 0)
    throw new DataError(
      `scanpaths: ${who}: expected milliseconds in "duration", got ${path.duration[negative]} at fixation ${negative + 1}`,
      file,
    );
  return path;
}

/** Members of an object's own: what is inherited was not in the file. */
function ownOf<K extends string>(value: unknown, ...names: readonly K[]): Record<K, unknown> {
  const own = (name: K): unknown => {
    // a proxy may throw at any touch
    try {
      return typeof value === "object" && value !== null && Object.hasOwn(value, name)
        ? Reflect.get(value, name)
        : undefined;
    } catch {
      return undefined;
    }
  };
  return Object.fromEntries(names.map((name) => [name, own(name)])) as Record<K, unknown>;
}

/** More than any picture has; what lies within can be counted exactly. */
const mostPixels = 1e6;
const isPixels = (n: unknown): n is number => Number.isInteger(n) && Number(n) > 0 && Number(n) <= mostPixels;

/** A value in a few words, whatever it is. */
function shown(value: unknown): string {
  if (typeof value !== "string")
    return value === null || typeof value === "object" ? kindOf(value) : `${String(value)}`;
  return value.length <= 40 ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, 40))}…`;
}

const kindOf = (value: unknown): string =>
  value === null ? "null" : isArray(value) ? "a list" : typeof value;

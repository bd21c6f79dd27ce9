import { basename } from "node:path";
import { DataError } from "../core/errors.js";
import { count, type Known, options as optionsOf, text } from "../core/kinds.js";
import { foldIn } from "../core/prng.js";
import { samplerNamed } from "./fixations.js";
import { listFolder, readImage, readSize } from "./image.js";
import { side } from "./kinds.js";
import { listLabeled } from "./labeled-folder.js";
import { inParallel } from "./parallel.js";
import type { Problem } from "./problem.js";
import {
  type ImageReference,
  known,
  type ReferenceOptions,
  type References,
  type Seen,
} from "./references.js";
import { readScanpaths, type Scanpaths } from "./scanpaths.js";
import { shrink, shrunkSize } from "./shrink.js";
import { checkFixations, checkSteps, nothingUsable, recordedOn, strangersTo, viewersOf } from "./viewers.js";

interface FileOptions extends ReferenceOptions {
  /** Sequences per image, at least 1: all recorded viewers by default, one for a sampler. */
  readonly viewers?: number;
  /** An image with a longer side than that, in pixels, is averaged down to it; fixations are in pixels of what it becomes. */
  readonly maxSide?: number;
}

export interface ReferenceFolderOptions extends FileOptions {
  readonly images: string;
  /** File of recorded scanpaths. */
  readonly scanpaths?: string;
}

export interface LabeledOptions extends FileOptions {
  /** A folder of folders of images, each named by the label of its images. */
  readonly folder: string;
}

const files = { ...known, viewers: count(1), maxSide: side };
const folder: Known<ReferenceFolderOptions> = { ...files, images: text, scanpaths: text };
const labeled: Known<LabeledOptions> = { ...files, folder: text };

/** An image file: what it is called in the data set, and its label. */
interface Found {
  readonly path: string;
  readonly name: string;
  readonly label?: number;
}

/** Headers that are read at a time. */
const headers = 8;

/**
 * Sequences on a folder of images, of which only the headers are read, unless the sampler looks at pixels. An image that is
 * of another format, or without scanpaths, and scanpaths shorter than T, are listed as problems; that an image's pixels are
 * corrupt shows when it is loaded. @throws DataError when nothing usable remains, PlanError
 */
export async function referencesFromFolder(options: ReferenceFolderOptions): Promise<References> {
  optionsOf("referencesFromFolder", options, folder, ["key", "images"]);
  checkSteps(options.steps);
  samplerNamed(options.sampler ?? "centerBiased");
  const recorded = options.scanpaths === undefined ? null : await readScanpaths(options.scanpaths);
  const { paths, others } = await listFolder(options.images);
  const found = paths.map((path) => ({ path, name: basename(path) }));
  const names = found.map(({ name }) => name);
  const strangers = strangersTo(names, recorded, basename(options.scanpaths ?? ""));
  return refer(found, recorded, options, options.images, [...others, ...strangers]);
}

/**
 * Sequences on folders of images in a folder, whose names are the labels, numbered by name. An image is called
 * `label/file`. Images that lie in the folder itself have no label and are problems, each by its name.
 * @throws DataError when nothing usable remains, PlanError
 */
export async function referencesFromLabeled(options: LabeledOptions): Promise<References> {
  optionsOf("referencesFromLabeled", options, labeled, ["key", "folder"]);
  checkSteps(options.steps);
  samplerNamed(options.sampler ?? "centerBiased");
  const { files: found, labels, problems } = await listLabeled(options.folder);
  return { ...(await refer(found, null, options, options.folder, problems)), labels };
}

/** What is known of one image and its viewers: nothing where it is a problem. */
interface LookedAt {
  readonly image?: ImageReference;
  readonly viewed?: readonly { readonly viewer: number; readonly fixations: Float64Array }[];
  readonly own: readonly Problem[];
}

/** References to files that were found. */
async function refer(
  found: readonly Found[],
  recorded: Scanpaths | null,
  options: FileOptions,
  place: string,
  around: readonly Problem[],
): Promise<References> {
  const { steps } = options;
  checkFixations(recorded === null ? found.length * (options.viewers ?? 1) : 1, options);
  const problems: Problem[] = [];
  let done = 0;
  const seen = await inParallel(found.length, headers, async (i): Promise<LookedAt> => {
    const own: Problem[] = [];
    try {
      return await lookedAt(found[i], recorded, options, own);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      own.push({ file: found[i].name, reason: error.message });
      return { own };
    } finally {
      options.onProgress?.(++done, found.length);
    }
  });
  const images: ImageReference[] = [];
  const sequences: Seen[] = [];
  for (const [i, { image, viewed = [], own }] of seen.entries()) {
    problems.push(...own);
    if (image === undefined || viewed.length === 0) continue;
    const { label } = found[i];
    for (const { viewer, fixations } of viewed)
      sequences.push({ image: images.length, viewer, fixations, ...(label === undefined ? {} : { label }) });
    images.push(image);
  }
  if (sequences.length === 0) throw nothingUsable(place, problems);
  return { images, sequences, steps, problems: [...around, ...problems] };
}

/** One image, and what its viewers looked at. */
async function lookedAt(
  { path, name }: Found,
  recorded: Scanpaths | null,
  options: FileOptions,
  own: Problem[],
): Promise<LookedAt> {
  if (recorded !== null) viewersOf(recorded, name);
  const full = await readSize(path);
  const { width, height } = shrunkSize(full, options.maxSide);
  const load = async () => ({ ...shrink(await readImage(path), width, height), name });
  const image = { name, width, height, load };
  if (recorded !== null) {
    const viewed = recordedOn({ name, ...full }, recorded, options, own);
    const scales = [width / full.width, height / full.height];
    for (const { fixations } of viewed)
      for (let i = 0; i < fixations.length; i++) fixations[i] *= scales[i % 2];
    return { image, viewed, own };
  }
  const sampler = samplerNamed(options.sampler ?? "centerBiased");
  const pixels = options.sampler === "saliency" ? await load() : undefined;
  const viewed = Array.from({ length: options.viewers ?? 1 }, (_, viewer) => ({
    viewer,
    fixations: sampler(foldIn(foldIn(options.key, name), viewer), options.steps, width, height, pixels),
  }));
  return { image, viewed, own };
}

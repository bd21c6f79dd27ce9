import { basename } from "node:path";
import { ArgumentError, DataError, PlanError } from "../core/errors.js";
import { availableMemory } from "../core/host.js";
import { count, having, type Known, kindOf, listOf, options as optionsOf, text } from "../core/kinds.js";
import { foldIn, integers, type Key, requireKey } from "../core/prng.js";
import { samplerNamed } from "./fixations.js";
import { type Image, listFolder, readImage } from "./image.js";
import { aSequence, sequencesOf, shared, side } from "./kinds.js";
import { cropPatch } from "./patch.js";
import type { Problem } from "./problem.js";
import { readScanpaths } from "./scanpaths.js";
import { sceneName, sceneNamed, sceneViewer } from "./scene-names.js";
import { checkSteps, nothingUsable, recordedOn, strangersTo, testNames, viewersOf } from "./viewers.js";

/** What one viewer saw of one image: T patches at T fixations. */
export interface FixationSequence {
  readonly image: string;
  readonly viewer: number;
  /** [T, 3, S, S], 0 to 1. */
  readonly patches: Float32Array;
  /** [T, 2], pixels from the left and from the top. */
  readonly fixations: Float64Array;
  /** Size of the image in pixels. */
  readonly width: number;
  readonly height: number;
  readonly diagonal: number;
}

export interface Dataset {
  readonly sequences: readonly FixationSequence[];
  /** Fixations per sequence, T. */
  readonly steps: number;
  /** Side of a patch, S. */
  readonly size: number;
  readonly problems: readonly Problem[];
}

interface Shared {
  /** Fixations per sequence, T; at least 2. */
  readonly steps: number;
  /** Side of the crop around a fixation, in pixels of the image. */
  readonly cropSize: number;
  /** Side of the patch that it is averaged down to. */
  readonly size: number;
  /** How fixations are drawn where none are recorded: `uniform`, `centerBiased` or `saliency`. */
  readonly sampler?: string;
  readonly key: Key;
  /** Bytes that the patches of all sequences may take; default: the memory that is free. */
  readonly memoryLimit?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface FolderOptions extends Shared {
  readonly images: string;
  /** File of recorded scanpaths. */
  readonly scanpaths?: string;
  /** Sequences per image, at least 1: all recorded viewers by default, one for a sampler. */
  readonly viewers?: number;
}

export interface SceneOptions extends Shared {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Sequences per scene. */
  readonly viewers: number;
}

const folder: Known<FolderOptions> = { ...shared, images: text, scanpaths: text, viewers: count(1) };
const scenes: Known<SceneOptions> = {
  ...shared,
  count: count(0),
  width: side,
  height: side,
  // of nobody who looks, any number of scenes would be made
  viewers: count(1),
};

function checkSizes({ steps, cropSize, size }: Shared): void {
  checkSteps(steps);
  if (!(Number.isInteger(cropSize) && Number.isInteger(size)) || size < 1 || cropSize < size)
    throw new ArgumentError(
      `patches: expected whole pixels with 1 <= size <= crop, got size ${kindOf(size)} and crop ${kindOf(cropSize)}`,
    );
}

/** Sequences that cannot lie in memory are refused before the first is made. @throws PlanError */
function checkMemory(count: number, { steps, size, memoryLimit = availableMemory() }: Shared): void {
  const each = Float32Array.BYTES_PER_ELEMENT * steps * 3 * size * size;
  const needed = count * each;
  const mostOfOne = 2 ** 32;
  if (each > mostOfOne || needed > memoryLimit)
    throw new PlanError(
      `sequences: the patches of ${count} sequences of ${steps} fixations must fit into ${each > mostOfOne ? `${mostOfOne} bytes each, got ${each}` : `${memoryLimit} bytes, got ${needed}`}`,
      needed,
      memoryLimit,
    );
}

function sequenceOf(
  image: Image,
  viewer: number,
  fixations: Float64Array,
  { steps, cropSize, size }: Shared,
): FixationSequence {
  const { width, height, name } = image;
  const frame = 3 * size * size;
  const patches = new Float32Array(steps * frame);
  for (let t = 0; t < steps; t++)
    cropPatch(image, fixations[2 * t], fixations[2 * t + 1], cropSize, size, patches, t * frame);
  return { image: name, viewer, patches, fixations, width, height, diagonal: Math.hypot(width, height) };
}

/**
 * Sequences from a folder of images, read one at a time. An image that is corrupt, too small or without scanpaths, and
 * scanpaths shorter than T, are listed as problems; the run goes on. @throws DataError when nothing usable remains
 */
export async function fromFolder(options: FolderOptions): Promise<Dataset> {
  optionsOf("fromFolder", options, folder, ["key", "images"]);
  checkSizes(options);
  const sampler = samplerNamed(options.sampler ?? "centerBiased");
  const recorded = options.scanpaths === undefined ? null : await readScanpaths(options.scanpaths);
  const { paths, others } = await listFolder(options.images);
  checkMemory(recorded === null ? paths.length * (options.viewers ?? 1) : 1, options);
  const sequences: FixationSequence[] = [];
  const problems: Problem[] = [];
  for (const [i, path] of paths.entries()) {
    const name = basename(path);
    try {
      // before an image is decoded for nothing
      if (recorded !== null) viewersOf(recorded, name);
      const image = await readImage(path, { minSize: options.cropSize });
      if (recorded !== null)
        for (const { viewer, fixations } of recordedOn(image, recorded, options, problems))
          sequences.push(sequenceOf(image, viewer, fixations, options));
      else
        for (let v = 0; v < (options.viewers ?? 1); v++) {
          const own = foldIn(foldIn(options.key, name), v);
          sequences.push(
            sequenceOf(image, v, sampler(own, options.steps, image.width, image.height, image), options),
          );
        }
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push({ file: name, reason: error.message });
    }
    options.onProgress?.(i + 1, paths.length);
  }
  if (sequences.length === 0) throw nothingUsable(options.images, problems);
  const around = [
    ...others,
    ...strangersTo(
      paths.map((path) => basename(path)),
      recorded,
      basename(options.scanpaths ?? ""),
    ),
  ];
  return { sequences, steps: options.steps, size: options.size, problems: [...around, ...problems] };
}

/** Sequences on synthetic scenes: data that needs no download. */
export function fromScenes(options: SceneOptions): Dataset {
  optionsOf("fromScenes", options, scenes, ["key", "count", "width", "height", "viewers"]);
  checkSizes(options);
  const { count, viewers, width, height, key } = options;
  if (Math.min(width, height) < options.cropSize)
    throw new ArgumentError(
      `scenes: must be at least ${options.cropSize} pixels wide and high, got ${width} x ${height}`,
    );
  const sampler = samplerNamed(options.sampler ?? "centerBiased");
  checkMemory(count * viewers, options);
  const sequences: FixationSequence[] = [];
  for (let i = 0; i < count; i++) {
    const image = sceneNamed(options, sceneName(i));
    for (let v = 0; v < viewers; v++) {
      const fixations = sampler(sceneViewer(key, image.name, v), options.steps, width, height, image);
      sequences.push(sequenceOf(image, v, fixations, options));
    }
    options.onProgress?.(i + 1, count);
  }
  return { sequences, steps: options.steps, size: options.size, problems: [] };
}

/** The sequence seen in a mirror. */
export function flip(sequence: FixationSequence): FixationSequence {
  aSequence("flip", "the sequence", sequence);
  const { patches, fixations, width } = sequence;
  const steps = fixations.length / 2;
  const size = Math.round(Math.sqrt(patches.length / steps / 3));
  const mirrored = new Float32Array(patches.length);
  for (let row = 0; row < patches.length; row += size)
    for (let i = 0; i < size; i++) mirrored[row + i] = patches[row + size - 1 - i];
  return {
    ...sequence,
    patches: mirrored,
    fixations: fixations.map((v, i) => (i % 2 === 0 ? width - v : v)),
  };
}

/** Displacement to the next fixation over the diagonal, [T, 2]; the last row is zero. */
export function saccades(sequence: FixationSequence): Float64Array {
  aSequence("saccades", "the sequence", sequence);
  const { fixations, diagonal } = sequence;
  return fixations.map((v, i) => (i + 2 < fixations.length ? (fixations[i + 2] - v) / diagonal : 0));
}

/** Training and test sequences that share no image: the last images by name are for testing. */
export function splitByImage(
  dataset: Pick<Dataset, "sequences">,
  options: { readonly test: number },
): { readonly train: readonly FixationSequence[]; readonly test: readonly FixationSequence[] } {
  having({ sequences: listOf(having({ image: text })) })("split", "the data set", dataset);
  const { sequences } = dataset;
  const held = testNames(
    sequences.map((s) => s.image),
    options,
  );
  return {
    train: sequences.filter((s) => !held.has(s.image)),
    test: sequences.filter((s) => held.has(s.image)),
  };
}

/** The control that must not learn: the patch of every step comes from another sequence, at the same step. */
export function shuffleControl(sequences: readonly FixationSequence[], key: Key): FixationSequence[] {
  requireKey("shuffle", key);
  sequencesOf(0)("shuffle", "the sequences", sequences);
  const n = sequences.length;
  if (n < 2) throw new DataError(`shuffle: expected at least 2 sequences, got ${n}`);
  return sequences.map((sequence, i) => {
    const steps = sequence.fixations.length / 2;
    const frame = sequence.patches.length / steps;
    const patches = new Float32Array(sequence.patches.length);
    integers(foldIn(key, i), steps, 1, n).forEach((shift, t) => {
      const other = sequences[(i + shift) % n];
      patches.set(other.patches.subarray(t * frame, (t + 1) * frame), t * frame);
    });
    return { ...sequence, patches };
  });
}

import { basename, join } from "node:path";
import { DataError, PlanError } from "../core/errors.js";
import { availableMemory } from "../core/host.js";
import { count, type Known, kind, maybe, options as optionsOf, text } from "../core/kinds.js";
import { foldIn } from "../core/prng.js";
import { samplerNamed } from "./fixations.js";
import { entriesOf, extensionOf, type FolderEntry, type Image } from "./image.js";
import { side } from "./kinds.js";
import { mapsOf, watched } from "./moving.js";
import { isFolder } from "./node/read.js";
import { framesOf, type Reading, secondsOf } from "./node/video.js";
import type { Problem } from "./problem.js";
import { pyramidBytes } from "./pyramid.js";
import {
  type ImageReference,
  known,
  type ReferenceOptions,
  type References,
  type Seen,
} from "./references.js";
import { checkFixations, checkSteps, nothingUsable } from "./viewers.js";

export interface VideoOptions extends ReferenceOptions {
  /** A video file, or a folder of some. */
  readonly videos: string;
  /** Frames that are taken of each second of video, one for each fixation; 5 by default. */
  readonly rate?: number;
  /** Frames with a longer side, in pixels, are averaged down to it; 480 by default. */
  readonly maxSide?: number;
  /** Sequences per image: per stretch of a single video, per video of several; 1 by default. */
  readonly viewers?: number;
  /** Seconds of a stretch of a single video, which is what is split and resampled; 4 by default. Of several, each is whole. */
  readonly stretch?: number;
}

export const perSecond = kind("a number of frames per second from 0.01 to 240", isWithin(0.01, 240));
export const seconds = kind("a number of seconds from 0.1 to 86400", isWithin(0.1, 86_400));
function isWithin(least: number, most: number): (v: unknown) => boolean {
  return (v) => typeof v === "number" && v >= least && v <= most;
}

const videoKinds: Known<VideoOptions> = {
  ...known,
  videos: text,
  rate: maybe(perSecond),
  maxSide: side,
  viewers: count(1),
  stretch: maybe(seconds),
};

const extensions = new Set([".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ogv", ".ts"]);

/** Whether it has the name of a video; whether it is one ffmpeg tells. */
export const isNamedAsVideo = (name: string): boolean => extensions.has(extensionOf(name));

/** A video that was read through once: how long it is at a rate, and how large. */
interface Measured {
  readonly path: string;
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
}

/** What a stretch of a video is called: its first and last second, so that names follow each other as time does. */
function stretchName(name: string, first: number, frames: number, rate: number): string {
  const at = (frame: number): string => (frame / rate).toFixed(2).padStart(8, "0");
  return `${name} ${at(first)}-${at(first + frames)} s`;
}

/**
 * Sequences on videos, whose frames are decoded by ffmpeg when they are played: each fixation is on the frame after that of the one
 * before. What is split and resampled, the image, is a video where there are several, and where there is one a stretch of it, so
 * that training and test data share no frame; what is left at its end, shorter than a stretch, is not looked at. Each file is read
 * through once, to count its frames and to see that all of them can be decoded: one that cannot is a problem.
 * @throws DataError when nothing usable remains, PlanError where frames do not fit, BackendError where ffmpeg is not there
 */
export async function referencesFromVideo(options: VideoOptions): Promise<References> {
  const given = optionsOf("referencesFromVideo", options, videoKinds, ["key", "videos"]);
  const { videos, steps, rate = 5, maxSide = 480, viewers = 1, stretch = 4, onProgress } = given;
  const { sampler = "centerBiased", memoryLimit = availableMemory(), key } = given;
  checkSteps(steps);
  samplerNamed(sampler);
  const { paths, problems } = await listVideos(videos);
  const measured: Measured[] = [];
  let needed = 0;
  for (const path of paths) {
    try {
      const found = await measure(path, rate, maxSide, memoryLimit - needed);
      needed += found.frames * pyramidBytes(found.width, found.height);
      measured.push(found);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push({ file: basename(path), reason: error.message });
    }
  }
  const long = measured.filter(({ name, frames }) => {
    if (frames >= steps) return true;
    const reason = `video: expected at least ${steps} frames of ${name} at ${rate} per second, one for each fixation, got ${frames}`;
    problems.push({ file: name, reason });
    return false;
  });
  const parts = long.length === 1 ? long.flatMap((video) => stretchesOf(video, stretch, rate, steps)) : long;
  checkFixations(parts.length * viewers, given);
  const images: ImageReference[] = [];
  const sequences: Seen[] = [];
  for (const { path, name, width, height, frames, from = 0 } of parts as (Measured & { from?: number })[]) {
    const playing = (count: number) => play(path, name, { rate, maxSide, from, count });
    const watching = { image: images.length, width, height, frames, steps, viewers, sampler };
    const keyOf = (viewer: number) => foldIn(foldIn(key, name), viewer);
    sequences.push(...watched({ ...watching, keyOf }, await mapsOf(sampler, playing(frames))));
    images.push({
      name,
      width,
      height,
      frames,
      load: async () => {
        for await (const image of playing(1)) return image;
        throw new DataError(`video: expected a frame of ${name}, got none`, name);
      },
      play: () => playing(frames),
    });
    onProgress?.(images.length, parts.length);
  }
  if (sequences.length === 0) throw nothingUsable(videos, problems);
  return { images, sequences, steps, problems };
}

/** A video file, or the videos of a folder by name, and what else is there. @throws DataError where there are none */
async function listVideos(path: string): Promise<{ readonly paths: string[]; readonly problems: Problem[] }> {
  if (!(await isFolder(path))) return { paths: [path], problems: [] };
  const entries = await entriesOf(path);
  const isVideo = (entry: FolderEntry): boolean => !entry.isDirectory() && isNamedAsVideo(entry.name);
  const names = entries.filter(isVideo).map(({ name }) => name);
  const others = entries.filter((entry) => !isVideo(entry)).map(({ name }) => name);
  if (names.length === 0)
    throw new DataError(`video: expected videos in ${path}, got ${others.length} other entries`, path);
  const reason = `is not named ${[...extensions].join(", ")}: videos are read from the folder itself`;
  return {
    paths: names.sort().map((name) => join(path, name)),
    problems: others.sort().map((file) => ({ file, reason })),
  };
}

/** Reads a video through. @throws DataError for what is no video, or ends early; PlanError for one whose frames do not fit */
async function measure(path: string, rate: number, maxSide: number, limit: number): Promise<Measured> {
  const name = basename(path);
  const said = await secondsOf(path);
  let [width, height, frames] = [0, 0, 0];
  for await (const frame of framesOf(path, { rate, maxSide })) {
    if (frames === 0) [width, height] = [frame.width, frame.height];
    else if (frame.width !== width || frame.height !== height)
      throw new DataError(
        `video: expected frames of one size in ${name}, got ${frame.width} x ${frame.height} after ${width} x ${height}`,
        name,
      );
    frames++;
    const each = pyramidBytes(width, height);
    // what the file says of itself is more than what was read so far, and no more than a guess
    const needed = Math.max(frames, Math.round((said ?? 0) * rate)) * each;
    if (needed > limit)
      throw new PlanError(
        `video: frames of ${name} at ${rate} per second of ${width} x ${height} pixels must fit into ${limit} bytes, got ${needed}; a lower rate or a smaller side takes less`,
        needed,
        limit,
      );
  }
  // a second, or two frames, are lost at the end of files that are whole
  const ends = frames / rate + Math.max(1, 2 / rate);
  if (said !== null && ends < said)
    throw new DataError(
      `video: expected ${said.toFixed(1)} seconds of ${name}, as it says, got ${(frames / rate).toFixed(1)}: it is cut off`,
      name,
    );
  return { path, name, width, height, frames };
}

/** Stretches of a video that share no frame; one that is shorter than a stretch is one. */
function stretchesOf(
  video: Measured,
  seconds: number,
  rate: number,
  steps: number,
): (Measured & { readonly from: number })[] {
  const frames = Math.min(video.frames, Math.max(steps, Math.round(seconds * rate)));
  return Array.from({ length: Math.floor(video.frames / frames) }, (_, k) => ({
    ...video,
    name: stretchName(video.name, k * frames, frames, rate),
    from: k * frames,
    frames,
  }));
}

async function* play(path: string, name: string, reading: Reading): AsyncGenerator<Image> {
  for await (const frame of framesOf(path, reading)) yield { name, ...frame };
}

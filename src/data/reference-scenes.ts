import { ArgumentError } from "../core/errors.js";
import { count, type Known, options as optionsOf } from "../core/kinds.js";
import { foldIn, type Key } from "../core/prng.js";
import { samplerNamed } from "./fixations.js";
import type { Image } from "./image.js";
import { side } from "./kinds.js";
import { mapsOf, watched } from "./moving.js";
import { movingScene } from "./moving-scenes.js";
import {
  type ImageReference,
  known,
  type ReferenceOptions,
  type References,
  type Seen,
} from "./references.js";
import { sceneName, sceneNamed, sceneViewer } from "./scene-names.js";
import { checkFixations, checkSteps } from "./viewers.js";

export interface ReferenceSceneOptions extends ReferenceOptions {
  readonly count: number;
  readonly width: number;
  readonly height: number;
  /** Sequences per scene. */
  readonly viewers: number;
}

export interface MovingSceneOptions extends ReferenceSceneOptions {
  /** Frames of a scene, at least T: who looks sees T of them, one at each fixation; T by default. */
  readonly frames?: number;
}

/** More than anybody looks at. */
const mostFrames = 10_000;

const scenes: Known<ReferenceSceneOptions> = {
  ...known,
  count: count(0),
  width: side,
  height: side,
  viewers: count(1),
};

const moving: Known<MovingSceneOptions> = { ...scenes, frames: count(2, mostFrames) };

/**
 * Sequences on synthetic scenes, made when they are loaded, unless the sampler looks at pixels; the same of the same key.
 * @throws PlanError
 */
export function referencesFromScenes(options: ReferenceSceneOptions): References {
  optionsOf("referencesFromScenes", options, scenes, ["key", "count", "width", "height", "viewers"]);
  const { steps, count, width, height, viewers, key } = options;
  checkSteps(steps);
  const sampler = samplerNamed(options.sampler ?? "centerBiased");
  checkFixations(count * viewers, options);
  const images: ImageReference[] = [];
  const sequences: Seen[] = [];
  for (let i = 0; i < count; i++) {
    const name = sceneName(i);
    images.push({ name, width, height, load: async () => sceneNamed({ key, width, height }, name) });
    const pixels = options.sampler === "saliency" ? sceneNamed({ key, width, height }, name) : undefined;
    for (let viewer = 0; viewer < viewers; viewer++)
      sequences.push({
        image: i,
        viewer,
        fixations: sampler(sceneViewer(key, name, viewer), steps, width, height, pixels),
      });
    options.onProgress?.(i + 1, count);
  }
  return { images, sequences, steps, problems: [] };
}

/**
 * Sequences on synthetic scenes whose objects move and pass each other, as `movingScene` makes them when they are played: each
 * fixation is on the frame after that of the one before. @throws PlanError, ArgumentError
 */
export async function referencesFromMovingScenes(options: MovingSceneOptions): Promise<References> {
  optionsOf("referencesFromMovingScenes", options, moving, ["key", "count", "width", "height", "viewers"]);
  const { steps, count, width, height, viewers, key, frames = steps, sampler = "centerBiased" } = options;
  checkSteps(steps);
  samplerNamed(sampler);
  if (frames < steps)
    throw new ArgumentError(
      `referencesFromMovingScenes: expected at least as many frames as fixations, ${steps}, got ${frames}`,
    );
  checkFixations(count * viewers, options);
  const images: ImageReference[] = [];
  const sequences: Seen[] = [];
  for (let i = 0; i < count; i++) {
    const name = sceneName(i);
    const made = (n: number): Iterable<Image> => movingScene(foldIn(key, name), width, height, name, n);
    images.push({
      name,
      width,
      height,
      frames,
      load: async () => [...made(1)][0],
      play: async function* () {
        yield* made(frames);
      },
    });
    const keyOf = (viewer: number): Key => sceneViewer(key, name, viewer);
    const watching = { image: i, width, height, frames, steps, viewers, sampler, keyOf };
    sequences.push(...watched(watching, await mapsOf(sampler, made(frames))));
    options.onProgress?.(i + 1, count);
  }
  return { images, sequences, steps, problems: [] };
}

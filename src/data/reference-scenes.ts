import { count, type Known, options as optionsOf } from "../core/kinds.js";
import { samplerNamed } from "./fixations.js";
import { side } from "./kinds.js";
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

const scenes: Known<ReferenceSceneOptions> = {
  ...known,
  count: count(0),
  width: side,
  height: side,
  viewers: count(1),
};

/**
 * Sequences on synthetic scenes, made when they are loaded, unless the sampler looks at pixels: the scenes and fixations that
 * `fromScenes` makes of the same key. @throws PlanError
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

import type { Key } from "../core/prng.js";
import { salientOn, samplerNamed } from "./fixations.js";
import type { Image } from "./image.js";
import { framesFrom, type Seen } from "./references.js";
import { type SaliencyMap, saliencyMap } from "./saliency.js";

/** Who looks at what moves, and how. */
export interface Watching {
  /** Number of the image that moves among those of the data set. */
  readonly image: number;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  /** Fixations per sequence, T. */
  readonly steps: number;
  readonly viewers: number;
  readonly sampler: string;
  /** The key of what one viewer looks at. */
  keyOf(viewer: number): Key;
}

/** Maps of all frames, where a sampler sees what is there; else none. @throws DataError as the frames do */
export async function mapsOf(
  sampler: string,
  frames: AsyncIterable<Image> | Iterable<Image>,
): Promise<readonly SaliencyMap[] | null> {
  if (sampler !== "saliency") return null;
  const maps: SaliencyMap[] = [];
  for await (const frame of frames) maps.push(saliencyMap(frame));
  return maps;
}

/** Sequences of viewers who start at a frame drawn at random and look somewhere in each frame from there on. */
export function watched(
  { image, width, height, frames, steps, viewers, sampler, keyOf }: Watching,
  maps: readonly SaliencyMap[] | null,
): Seen[] {
  return Array.from({ length: viewers }, (_, viewer) => {
    const key = keyOf(viewer);
    const shown = framesFrom(key, frames, steps);
    const fixations =
      maps === null
        ? samplerNamed(sampler)(key, steps, width, height)
        : salientOn(key, steps, width, height, (t) => maps[shown[t]]);
    return { image, viewer, fixations, frames: shown };
  });
}

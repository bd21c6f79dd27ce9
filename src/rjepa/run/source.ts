import type { Key } from "../../core/prng.js";
import { referencesFromFolder } from "../../data/reference-files.js";
import { referencesFromScenes } from "../../data/reference-scenes.js";
import type { References } from "../../data/references.js";

/** Where fixations come from, in words that can be saved with a run. */
export type Source =
  | {
      readonly kind: "folder";
      readonly images: string;
      /** Recorded fixations; without them a sampler draws some. */
      readonly scanpaths?: string;
      readonly sampler?: string;
      readonly viewers?: number;
      /** Longer side that larger images are shrunk to, in pixels. */
      readonly maxSide?: number;
    }
  | {
      readonly kind: "scenes";
      readonly count: number;
      readonly width: number;
      readonly height: number;
      readonly viewers: number;
      readonly sampler?: string;
    };

/** The data set of a source. @throws DataError, ArgumentError as its maker does */
export async function referencesOf(source: Source, steps: number, key: Key): Promise<References> {
  const { kind, ...options } = source;
  return kind === "folder"
    ? referencesFromFolder({ ...(options as Omit<Source & { kind: "folder" }, "kind">), steps, key })
    : referencesFromScenes({ ...(options as Omit<Source & { kind: "scenes" }, "kind">), steps, key });
}

import { oneOf } from "../../core/kinds.js";
import type { Key } from "../../core/prng.js";
import { entriesOf, isNamedAsImage } from "../../data/image.js";
import { isFolder } from "../../data/node/read.js";
import {
  type LabeledOptions,
  type ReferenceFolderOptions,
  referencesFromFolder,
  referencesFromLabeled,
} from "../../data/reference-files.js";
import {
  type MovingSceneOptions,
  type ReferenceSceneOptions,
  referencesFromMovingScenes,
  referencesFromScenes,
} from "../../data/reference-scenes.js";
import { isNamedAsVideo, referencesFromVideo, type VideoOptions } from "../../data/reference-video.js";
import type { ReferenceOptions, References } from "../../data/references.js";

type Own<O extends ReferenceOptions> = Omit<O, "steps" | "key" | "memoryLimit" | "onProgress">;

/** Where fixations come from, in words that can be saved with a run. */
export type Source =
  | ({ readonly kind: "folder" } & Own<ReferenceFolderOptions>)
  | ({ readonly kind: "labeled" } & Own<LabeledOptions>)
  | ({ readonly kind: "video" } & Own<VideoOptions>)
  | ({ readonly kind: "scenes"; readonly moving?: false } & Own<ReferenceSceneOptions>)
  | ({ readonly kind: "scenes"; readonly moving: true } & Own<MovingSceneOptions>);

const sourceKinds = ["folder", "labeled", "video", "scenes"] as const;
const aKind = oneOf(...sourceKinds);
const isMoving = oneOf(true, false);

/** Where that is, for people. */
export function placeOf(source: Source): string {
  switch (source.kind) {
    case "folder":
      return source.images;
    case "labeled":
      return source.folder;
    case "video":
      return source.videos;
    case "scenes":
      return `synthetic scenes${source.moving ? ", which move" : ""}`;
  }
}

/** What a path to look at leads to: a video or a folder of videos alone, or else a folder of images. */
export async function kindAt(path: string): Promise<"folder" | "video"> {
  if (!(await isFolder(path))) return isNamedAsVideo(path) ? "video" : "folder";
  const entries = (await entriesOf(path)).filter((entry) => !entry.isDirectory());
  const isVideo = entries.some(({ name }) => isNamedAsVideo(name)) && !entries.some(isNamedAsImage);
  return isVideo ? "video" : "folder";
}

/** What the images of a source are, which are split, and resampled. */
export const unitOf = ({ kind }: Source): string =>
  ({ folder: "images", labeled: "images", video: "stretches of video", scenes: "scenes" })[kind];

/** The data set of a source. @throws DataError, ArgumentError, PlanError, BackendError as its maker does */
export async function referencesOf(
  source: Source,
  steps: number,
  key: Key,
  memoryLimit?: number,
): Promise<References> {
  const { kind, ...own } = source;
  aKind("data", "the kind of the source", kind);
  const options = { ...own, steps, key, memoryLimit };
  if (kind === "folder") return referencesFromFolder(options as ReferenceFolderOptions);
  if (kind === "labeled") return referencesFromLabeled(options as LabeledOptions);
  if (kind === "video") return referencesFromVideo(options as VideoOptions);
  const { moving = false, ...scenes } = options as MovingSceneOptions & { readonly moving?: boolean };
  isMoving("data", "moving", moving);
  return moving ? referencesFromMovingScenes(scenes) : referencesFromScenes(scenes);
}

import { oneOf } from "../../core/kinds.js";
import type { Key } from "../../core/prng.js";
import {
  type LabeledOptions,
  type ReferenceFolderOptions,
  referencesFromFolder,
  referencesFromLabeled,
} from "../../data/reference-files.js";
import { type ReferenceSceneOptions, referencesFromScenes } from "../../data/reference-scenes.js";
import type { ReferenceOptions, References } from "../../data/references.js";

type Own<O extends ReferenceOptions> = Omit<O, "steps" | "key" | "memoryLimit" | "onProgress">;

/** Where fixations come from, in words that can be saved with a run. */
export type Source =
  | ({ readonly kind: "folder" } & Own<ReferenceFolderOptions>)
  | ({ readonly kind: "labeled" } & Own<LabeledOptions>)
  | ({ readonly kind: "scenes" } & Own<ReferenceSceneOptions>);

/** Where that is, for people. */
export const placeOf = (source: Source): string =>
  source.kind === "folder" ? source.images : source.kind === "labeled" ? source.folder : "synthetic scenes";

const aKind = oneOf("folder", "labeled", "scenes");

/** The data set of a source. @throws DataError, ArgumentError, PlanError as its maker does */
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
  return referencesFromScenes(options as ReferenceSceneOptions);
}

/** Images, scanpaths, fixation samplers and synthetic scenes, as plain arrays. */
export { type Sampler, samplerNamed, samplers } from "./fixations.js";
export { type Cut, type CutOptions, cutSequences } from "./batches.js";
export type { Problem } from "./problem.js";
export { type CropOptions, cutCrops, type Fovea } from "./fovea.js";
export { type Gallery, type GalleryOptions, openGallery } from "./gallery.js";
export { type Image, type ImageList, listFolder, listImages, readImage } from "./image.js";
export { type LabeledImages, readLabeled } from "./labeled-folder.js";
export { movingScene } from "./moving-scenes.js";
export { type Pyramid, type PyramidLevel, pyramid } from "./pyramid.js";
export {
  type LabeledOptions,
  type ReferenceFolderOptions,
  referencesFromFolder,
  referencesFromLabeled,
} from "./reference-files.js";
export {
  type MovingSceneOptions,
  type ReferenceSceneOptions,
  referencesFromMovingScenes,
  referencesFromScenes,
} from "./reference-scenes.js";
export { referencesFromVideo, type VideoOptions } from "./reference-video.js";
export {
  type ImageReference,
  type ReferenceOptions,
  type References,
  type Seen,
  splitReferences,
} from "./references.js";
export { retina } from "./retina.js";
export { type SaliencyMap, saliencyMap } from "./saliency.js";
export {
  type FixationPath,
  kolmogorovSmirnov,
  type ScanpathStatistics,
  scanpathStatistics,
} from "./scanpath-statistics.js";
export { parseScanpaths, readScanpaths, type Scanpath, type Scanpaths } from "./scanpaths.js";
export { sceneNamed } from "./scene-names.js";
export { scene } from "./scenes.js";

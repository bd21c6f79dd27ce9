import { cutSequences } from "../../data/batches.js";
import type { Fovea } from "../../data/fovea.js";
import { cropUris, imageUri } from "../report/images.js";
import type { FixationStrip } from "../report/strip.js";
import type { Data } from "./judging.js";

/** The first sequence of a data set as a model sees it, with pictures as data URIs. Of what moves the first frame that is seen stands for all. */
export async function stripOf({ gallery, references }: Data, fovea: Fovea): Promise<FixationStrip> {
  const { image, fixations, frames } = references.sequences[0];
  const { steps } = references;
  const { width, height, levels, name } = gallery.pyramid(image, frames?.[0]);
  const { crops } = cutSequences(gallery, references, [0], fovea);
  const uris = await cropUris(crops, fovea.size);
  const scales = fovea.crops.length;
  return {
    width,
    height,
    image: await imageUri({ name, width, height, data: levels[0].data }),
    fixations: Array.from({ length: steps }, (_, t) => [fixations[2 * t], fixations[2 * t + 1]] as const),
    sides: fovea.crops,
    moves: frames !== undefined,
    crops: Array.from({ length: steps }, (_, t) => uris.slice(t * scales, (t + 1) * scales)),
  };
}

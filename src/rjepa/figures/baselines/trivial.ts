import { DataError } from "../../../core/errors.js";
import { callable, having, oneOf } from "../../../core/kinds.js";
import { foldIn, type Key, requireKey } from "../../../core/prng.js";
import type { LinearAlgebra } from "../../linear-algebra.js";
import { aFixations } from "../judging/fixations.js";
import type { Fixations, Representation } from "../representation.js";
import { meanColors } from "./colors.js";
import { leaky } from "./leaky.js";
import { rawPixels } from "./pixels.js";
import { randomProjection, textureEnergy } from "./texture.js";
import { colorThumbnail, normalizedThumbnail, principalThumbnail, thumb } from "./thumbnails.js";

/** How much of the past the baselines keep. */
export const leaks = [0, 0.5, 0.8, 0.9] as const;

/**
 * Representations that need no learning, each with several leaks: mean color of the smallest and of all crops, thumbnails, a
 * random projection and texture energy; and raw pixels, for the probe. Who learns content beats them all, jointly. `fit` are sequences for principal components.
 * @throws DataError for crops that 4 x 4 pixels do not divide
 */
export function trivialRepresentations(
  fit: Fixations,
  algebra: Pick<LinearAlgebra, "eigen">,
  key: Key,
  target: Representation["target"] = "recurrent",
): Representation[] {
  aFixations("baselines", "the sequences", fit);
  having({ eigen: callable })("baselines", "the algebra", algebra);
  requireKey("baselines", key);
  oneOf("recurrent", "fresh")("baselines", "the target", target);
  const { scales, size } = fit;
  if (size % thumb !== 0)
    throw new DataError(`baselines: expected crops whose side is a multiple of ${thumb}, got ${size}`);
  const features = [
    meanColors(scales, size, 1),
    ...(scales > 1 ? [meanColors(scales, size, scales)] : []),
    colorThumbnail(scales, size),
    normalizedThumbnail(scales, size),
    principalThumbnail(fit, 16, algebra),
    randomProjection(scales, size, 16, foldIn(key, "projection")),
    textureEnergy(scales, size),
  ];
  return [...features.flatMap((f) => leaks.map((leak) => leaky(f, leak, target))), rawPixels(scales, size)];
}

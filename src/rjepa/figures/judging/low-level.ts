import type { Fixations } from "../representation.js";

/** Numbers of low-level content of a crop: mean red, green and blue, and contrast. */
export const perCrop = 4;

/**
 * What a patch is without its content, [N, T, S, 4]: of each crop the mean colors over 50 and twice the logarithm of the standard
 * deviation of gray plus 4, so that a difference of one is about as easily seen in each.
 */
export function lowLevelOf(fixations: Fixations, batch: number): Float64Array {
  const { count, steps, scales, size } = fixations;
  const area = size * size;
  const out = new Float64Array(count * steps * scales * perCrop);
  let at = 0;
  for (let from = 0; from < count; from += batch) {
    const which = Array.from({ length: Math.min(batch, count - from) }, (_, i) => from + i);
    const crops = fixations.crops(which, 0, steps);
    for (let c = 0; c < which.length * steps * scales; c++) {
      const crop = crops.subarray(c * 3 * area, (c + 1) * 3 * area);
      const means = [0, 1, 2].map(
        (k) => crop.subarray(k * area, (k + 1) * area).reduce((a, b) => a + b, 0) / area,
      );
      const gray = (means[0] + means[1] + means[2]) / 3;
      let squares = 0;
      for (let i = 0; i < area; i++)
        squares += ((crop[i] + crop[area + i] + crop[2 * area + i]) / 3 - gray) ** 2;
      for (const mean of means) out[at++] = mean / 50;
      out[at++] = 2 * Math.log(Math.sqrt(squares / Math.max(1, area - 1)) + 4);
    }
  }
  return out;
}

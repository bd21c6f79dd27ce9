import { requireRoom } from "../core/dtype.js";
import type { Image } from "./image.js";

/** What an enlarged pixel lies between: two pixels, and how far it is from the first. */
interface Between {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/**
 * The image with `factor` pixels for each of its own along either side, linear between the centers of its pixels and constant
 * beyond the outermost; itself for a factor of 1. @throws PlanError where it does not fit
 */
export function enlarge(image: Image, factor: number): Image {
  if (factor === 1) return image;
  const { name, width, height, data: from } = image;
  requireRoom("enlarge", "bool", from.length * factor * factor);
  const [across, down] = [between(width, factor), between(height, factor)];
  // down first: rows are read as they lie, and each pixel of a row is then used `factor` times
  const line = new Float64Array(3 * width);
  const data = new Uint8Array(from.length * factor * factor);
  let at = 0;
  for (const { first, second, share } of down) {
    const [top, bottom] = [first * line.length, second * line.length];
    for (let q = 0; q < line.length; q++) line[q] = (1 - share) * from[top + q] + share * from[bottom + q];
    for (const { first: left, second: right, share: u } of across)
      for (let c = 0; c < 3; c++)
        data[at++] = Math.round((1 - u) * line[3 * left + c] + u * line[3 * right + c]);
  }
  return { name, width: width * factor, height: height * factor, data };
}

function between(n: number, factor: number): Between[] {
  return Array.from({ length: n * factor }, (_, i) => {
    const place = Math.min(n - 1, Math.max(0, (i + 0.5) / factor - 0.5));
    const first = Math.floor(place);
    return { first, second: Math.min(n - 1, first + 1), share: place - first };
  });
}

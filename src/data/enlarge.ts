import type { Image } from "./image.js";

/**
 * The image with `factor` pixels for each of its own along either side, linear between the centers of its pixels and constant
 * beyond the outermost; itself for a factor of 1.
 */
export function enlarge(image: Image, factor: number): Image {
  if (factor === 1) return image;
  const { name, width, height, data: from } = image;
  const [across, down] = [between(width, factor), between(height, factor)];
  const data = new Uint8Array(from.length * factor * factor);
  let at = 0;
  for (const [top, bottom, v] of down)
    for (const [left, right, u] of across)
      for (let c = 0; c < 3; c++) {
        const pixel = (x: number, y: number): number => from[3 * (y * width + x) + c];
        const above = (1 - u) * pixel(left, top) + u * pixel(right, top);
        const below = (1 - u) * pixel(left, bottom) + u * pixel(right, bottom);
        data[at++] = Math.round((1 - v) * above + v * below);
      }
  return { name, width: width * factor, height: height * factor, data };
}

/** The two pixels that each enlarged one lies between, and how far from the first. */
function between(n: number, factor: number): (readonly [first: number, second: number, share: number])[] {
  return Array.from({ length: n * factor }, (_, i) => {
    const place = Math.min(n - 1, Math.max(0, (i + 0.5) / factor - 0.5));
    const first = Math.floor(place);
    return [first, Math.min(n - 1, first + 1), place - first] as const;
  });
}

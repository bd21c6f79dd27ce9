import { count, finite, instanceOf } from "../core/kinds.js";
import type { Image } from "./image.js";
import { anImage } from "./kinds.js";

/**
 * The square of `crop` pixels around a fixation, shifted so that it lies inside the image, averaged down to `size`
 * pixels; written as [3, size, size] in 0 to 1. The image must be at least `crop` pixels wide and high.
 */
export function cropPatch(
  image: Image,
  x: number,
  y: number,
  crop: number,
  size: number,
  into: Float32Array,
  offset: number,
): void {
  anImage("cropPatch", "the image", image);
  for (const [what, at] of [
    ["x", x],
    ["y", y],
  ] as const)
    finite("cropPatch", what, at);
  count(1, Math.min(image.width, image.height))("cropPatch", "crop", crop);
  count(1, crop)("cropPatch", "size", size);
  instanceOf(Float32Array)("cropPatch", "into", into);
  count(0, into.length - 3 * size * size)("cropPatch", "offset", offset);
  const { width, height, data } = image;
  const inside = (center: number, n: number): number =>
    Math.min(Math.max(Math.round(center - crop / 2), 0), n - crop);
  const [left, top] = [inside(x, width), inside(y, height)];
  const scale = crop / size;
  for (let j = 0; j < size; j++) {
    const [y0, y1] = [top + j * scale, top + (j + 1) * scale];
    for (let i = 0; i < size; i++) {
      const [x0, x1] = [left + i * scale, left + (i + 1) * scale];
      let [red, green, blue, weight] = [0, 0, 0, 0];
      for (let py = Math.floor(y0); py < y1; py++) {
        const wy = Math.min(py + 1, y1) - Math.max(py, y0);
        for (let px = Math.floor(x0); px < x1; px++) {
          const w = wy * (Math.min(px + 1, x1) - Math.max(px, x0));
          const at = 3 * (py * width + px);
          red += w * data[at];
          green += w * data[at + 1];
          blue += w * data[at + 2];
          weight += w;
        }
      }
      const at = offset + j * size + i;
      into[at] = red / weight / 255;
      into[at + size * size] = green / weight / 255;
      into[at + 2 * size * size] = blue / weight / 255;
    }
  }
}

import { Areas } from "./areas.js";
import type { Image } from "./image.js";

/** The size of an image whose longer side is at most so many pixels. */
export function shrunkSize(
  { width, height }: { readonly width: number; readonly height: number },
  maxSide = Number.POSITIVE_INFINITY,
): { readonly width: number; readonly height: number } {
  const factor = Math.min(1, maxSide / Math.max(width, height));
  const scaled = (n: number): number => Math.max(1, Math.round(n * factor));
  return { width: scaled(width), height: scaled(height) };
}

/** The image at a size that is no larger, averaged by exact areas; itself where the size is its own. */
export function shrink(image: Image, width: number, height: number): Image {
  if (width === image.width && height === image.height) return image;
  const [columns, rows] = [new Areas(), new Areas()];
  columns.fill(image.width / 2, image.width, width, image.width, 0);
  rows.fill(image.height / 2, image.height, height, image.height, 0);
  const line = new Float64Array(3 * image.width);
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    for (let r = rows.first[y], at = rows.start[y]; r <= rows.last[y]; r++, at++)
      for (let q = 0; q < line.length; q++) line[q] += rows.share[at] * image.data[r * line.length + q];
    for (let x = 0; x < width; x++)
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let i = columns.first[x], at = columns.start[x]; i <= columns.last[x]; i++, at++)
          sum += columns.share[at] * line[3 * i + c];
        data[3 * (y * width + x) + c] = Math.round(sum);
      }
  }
  return { name: image.name, width, height, data };
}

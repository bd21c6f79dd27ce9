import { standardColors } from "../../../data/colors.js";
import type { Representation } from "../representation.js";
import { pooled } from "./thumbnails.js";

/** Pixels a side, where crops have more: a classifier gains nothing from more of them, and takes long. */
const most = 16;

/**
 * The pixels of the largest crop of the first fixation, whatever comes after it: of labeled images the image itself, which needs
 * no eye. It is for the probe alone.
 */
export function rawPixels(scales: number, size: number): Representation {
  const side = size % most === 0 ? most : size;
  const [frame, d] = [3 * size * size, 3 * side * side];
  return {
    name: "raw pixels",
    size: d,
    target: "recurrent",
    only: ["probeH"],
    read(crops, n, t, others = []) {
      const h = new Float64Array(n * t * d);
      for (let i = 0; i < n; i++) {
        const first = (i * t * scales + scales - 1) * frame;
        const pixels = standardColors(pooled(crops.subarray(first, first + frame), size, side));
        for (let step = 0; step < t; step++) h.set(pixels, (i * t + step) * d);
      }
      const last = h.filter((_, at) => Math.floor(at / d) % t === t - 1);
      return { h, fresh: h, context: null, others: others.map(() => ({ h: last, fresh: last })) };
    },
  };
}

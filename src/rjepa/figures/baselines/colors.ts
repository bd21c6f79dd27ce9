import { standardColors } from "../../../data/colors.js";
import type { PatchFeatures } from "./leaky.js";

/** Mean red, green and blue of the first crops of each patch, [n, 3 · first]. */
export const meanColors = (scales: number, size: number, first: number): PatchFeatures => ({
  name: first === 1 ? "mean color" : `mean color, ${first} scales`,
  size: 3 * first,
  of: (crops, n) => {
    const area = size * size;
    const out = new Float64Array(n * 3 * first);
    for (let i = 0; i < n; i++)
      for (let c = 0; c < 3 * first; c++) {
        const at = (i * 3 * scales + c) * area;
        let sum = 0;
        for (let p = at; p < at + area; p++) sum += crops[p];
        out[i * 3 * first + c] = sum / area;
      }
    return standardColors(out);
  },
});

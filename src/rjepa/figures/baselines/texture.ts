import { type Key, normal } from "../../../core/prng.js";
import { opponentChannels } from "../../../data/retina.js";
import { timesOf } from "../judging/products.js";
import type { PatchFeatures } from "../representation.js";

/** Mean |∂x| and then |∂y| of each normalized channel: 6 S numbers that tell textures apart, and the ones to beat. */
export const textureEnergy = (scales: number, size: number): PatchFeatures => ({
  name: "texture energy",
  size: 6 * scales,
  of: (crops, n) => {
    const channels = opponentChannels(crops, n, scales, size);
    const [planes, area, pairs] = [3 * scales, size * size, size * (size - 1)];
    const out = new Float64Array(n * 2 * planes);
    for (let i = 0; i < n; i++)
      for (let c = 0; c < planes; c++) {
        const plane = channels.subarray((i * planes + c) * area, (i * planes + c + 1) * area);
        let [across, down] = [0, 0];
        for (let y = 0; y < size; y++)
          for (let x = 1; x < size; x++) {
            across += Math.abs(plane[y * size + x] - plane[y * size + x - 1]);
            down += Math.abs(plane[x * size + y] - plane[(x - 1) * size + y]);
          }
        out[i * 2 * planes + c] = across / pairs;
        out[i * 2 * planes + planes + c] = down / pairs;
      }
    return out;
  },
});

/** Normalized channels times a random matrix: what numbers of content give that nobody chose. */
export function randomProjection(scales: number, size: number, d: number, key: Key): PatchFeatures {
  const inputs = 3 * scales * size * size;
  const map = normal(key, inputs * d).map((v) => v / Math.sqrt(inputs));
  return {
    name: `random projection, ${d}`,
    size: d,
    of: (crops, n) => timesOf(Float64Array.from(opponentChannels(crops, n, scales, size)), inputs, map, d),
  };
}

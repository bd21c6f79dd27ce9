/** Smallest contrast that counts, of luminance, red-green and blue-yellow, of 255. */
const noise = [8, 6, 6];

/**
 * Opponent channels of crops [n, S, 3, P, P], each less its mean over the patch and over its contrast: [n, 3S, P, P], luminance,
 * red-green and blue-yellow of the smallest crop first. Nothing of mean color and contrast is left.
 */
export function normalizedChannels(crops: Float32Array, size: number): Float32Array {
  const area = size * size;
  const out = new Float32Array(crops.length);
  for (let at = 0; at < crops.length; at += 3 * area) {
    for (let i = 0; i < area; i++) {
      const [r, g, b] = [crops[at + i], crops[at + area + i], crops[at + 2 * area + i]];
      out[at + i] = (r + g + b) / 3;
      out[at + area + i] = 0.7 * (r - g);
      out[at + 2 * area + i] = 0.4 * (r + g - 2 * b);
    }
    for (let c = 0; c < 3; c++) {
      const channel = out.subarray(at + c * area, at + (c + 1) * area);
      let [mean, squares] = [0, 0];
      for (const v of channel) mean += v / area;
      for (const v of channel) squares += (v - mean) ** 2 / area;
      const over = 1 / Math.sqrt(squares + noise[c] ** 2);
      for (let i = 0; i < area; i++) channel[i] = (channel[i] - mean) * over;
    }
  }
  return out;
}

import type { Fixations } from "../representation.js";

/** Movements of the eye over the diagonal of the image, [N, T − 1, 2]. */
export function saccadesOf({ count, steps, positions, diagonal }: Fixations): Float64Array {
  const out = new Float64Array(count * (steps - 1) * 2);
  for (let at = 0, i = 0; i < count; i++)
    for (let t = 1; t < steps; t++)
      for (let k = 0; k < 2; k++) {
        const now = (i * steps + t) * 2 + k;
        out[at++] = (positions[now] - positions[now - 2]) / diagonal[i];
      }
  return out;
}

/** Numbers of a saccade that `withSaccades` uses. */
const features = 4;

/** How wide `withSaccades` makes rows of d units. */
export const toldWidth = (d: number): number => d + features * d + features;

/**
 * Rows h [n, d] with the saccades that follow [n, 2]: h, the products of h with four numbers of the saccade, and these numbers
 * (5 Δx, 5 Δy and how short it is, e^(−r/0.1) and e^(−r/0.3)). A patch that overlaps the next is known from the saccade.
 */
export function withSaccades(h: Float64Array, d: number, saccades: Float64Array): Float64Array {
  const n = h.length / d;
  const width = toldWidth(d);
  const out = new Float64Array(n * width);
  for (let i = 0; i < n; i++) {
    const [dx, dy] = [saccades[2 * i], saccades[2 * i + 1]];
    const r = Math.hypot(dx, dy);
    const told = [5 * dx, 5 * dy, Math.exp(-r / 0.1), Math.exp(-r / 0.3)];
    const row = h.subarray(i * d, (i + 1) * d);
    let at = i * width;
    out.set(row, at);
    at += d;
    for (const f of told) for (let k = 0; k < d; k++) out[at++] = f * row[k];
    out.set(told, at);
  }
  return out;
}

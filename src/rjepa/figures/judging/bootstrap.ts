import { foldIn, integers, type Key } from "../../../core/prng.js";
import { type Estimate, failing, quantile } from "./estimate.js";

const resamples = 300;

/** Means over sequences with intervals that resample images, never sequences: viewers share images. */
export interface Bootstrap {
  /** Number of images. */
  readonly images: number;
  /** Mean of [N] values. */
  mean(values: ArrayLike<number>): Estimate;
  /** Sum of [N] values over the sum of [N] others; fails at `worst` where that sum is 0. */
  ratio(above: ArrayLike<number>, below: ArrayLike<number>, worst?: number): Estimate;
}

/** Each distinct image as a number from 0, in order of its own number; [N]. */
export function imagesOf(image: ArrayLike<number>): { readonly index: Int32Array; readonly count: number } {
  const sorted = [...new Set(Array.from(image))].sort((a, b) => a - b);
  const at = new Map(sorted.map((id, i) => [id, i]));
  return { index: Int32Array.from(image, (id) => at.get(id)!), count: sorted.length };
}

/** Draws as many images as there are, with replacement, 300 times; percentiles of what they give (Efron 1979). */
export function bootstrapOf(image: ArrayLike<number>, key: Key): Bootstrap {
  const { index, count } = imagesOf(image);
  const drawn = integers(foldIn(key, "bootstrap"), resamples * count, 0, count);
  const sums = (values: ArrayLike<number>): Float64Array => {
    const out = new Float64Array(count);
    for (let i = 0; i < index.length; i++) out[index[i]] += values[i];
    return out;
  };
  const total = (of: Float64Array): number => of.reduce((a, b) => a + b, 0);
  const ratio = (above: ArrayLike<number>, below: ArrayLike<number>, worst = Infinity): Estimate => {
    const [a, b] = [sums(above), sums(below)];
    if (!(total(b) > 0)) return failing(worst);
    const found: number[] = [];
    for (let r = 0; r < resamples; r++) {
      let [x, y] = [0, 0];
      for (let i = 0; i < count; i++) {
        const k = drawn[r * count + i];
        x += a[k];
        y += b[k];
      }
      // a resample may hold none of the images that count
      if (y > 0) found.push(x / y);
    }
    found.sort((x, y) => x - y);
    const interval = found.length > 0 ? ([quantile(found, 0.025), quantile(found, 0.975)] as const) : null;
    return { value: total(a) / total(b), interval };
  };
  const ones = new Float64Array(index.length).fill(1);
  return { images: count, ratio, mean: (values) => ratio(values, ones) };
}

import { foldIn, integers, type Key } from "../../../core/prng.js";
import { type Estimate, failing, quantile } from "./estimate.js";

const resamples = 300;

/** Each distinct image as a number from 0, in order of its own number; [N]. */
export function imagesOf(image: ArrayLike<number>): { readonly index: Int32Array; readonly count: number } {
  const sorted = [...new Set(Array.from(image))].sort((a, b) => a - b);
  const at = new Map(sorted.map((id, i) => [id, i]));
  return { index: Int32Array.from(image, (id) => at.get(id)!), count: sorted.length };
}

/** A number as what each sequence adds to it, summed by image: value, interval and margin all follow from these. */
export interface Terms {
  /** What resamples the images. */
  readonly over: Bootstrap;
  /** The number is the sum of these over the sum of those below, both [images]. */
  readonly above: Float64Array;
  readonly below: Float64Array;
  /** What it is where the sum below is 0. */
  readonly worst: number;
}

const total = (of: Float64Array): number => of.reduce((a, b) => a + b, 0);

/**
 * Draws as many images as there are, with replacement, 300 times; percentiles of what they give (Efron 1979). It resamples
 * images, never sequences: viewers share images. All that is asked of one bootstrap is asked of the same draws.
 */
export class Bootstrap {
  /** Number of images. */
  readonly images: number;
  readonly #index: Int32Array;
  readonly #drawn: ArrayLike<number>;

  /** @param image which image each sequence looks at, [N] */
  constructor(image: ArrayLike<number>, key: Key) {
    const { index, count } = imagesOf(image);
    this.images = count;
    this.#index = index;
    this.#drawn = integers(foldIn(key, "bootstrap"), resamples * count, 0, count);
  }

  /** Mean of [N] values. */
  mean(values: ArrayLike<number>): Terms {
    return this.ratio(values, new Float64Array(this.#index.length).fill(1));
  }

  /** Sum of [N] values over the sum of [N] others; `worst` where that sum is 0. */
  ratio(above: ArrayLike<number>, below: ArrayLike<number>, worst = Infinity): Terms {
    return { over: this, above: this.#sums(above), below: this.#sums(below), worst };
  }

  estimate({ above, below, worst }: Terms): Estimate {
    if (!(total(below) > 0)) return failing(worst);
    return { value: total(above) / total(below), interval: percentiles(this.#resampled(above, below)) };
  }

  /**
   * One number less another, with the interval of the difference: each draw gives both. Two intervals that overlap say little
   * of it, as images that are hard are hard for both. Null where one of them has nothing to compare.
   */
  margin(a: Terms, b: Terms): Estimate | null {
    if (!(total(a.below) > 0 && total(b.below) > 0)) return null;
    const [one, other] = [this.#resampled(a.above, a.below), this.#resampled(b.above, b.below)];
    return {
      value: total(a.above) / total(a.below) - total(b.above) / total(b.below),
      interval: percentiles(one.map((v, r) => v - other[r])),
    };
  }

  /** Sums of [N] values by image, [images]. */
  #sums(values: ArrayLike<number>): Float64Array {
    const out = new Float64Array(this.images);
    for (let i = 0; i < this.#index.length; i++) out[this.#index[i]] += values[i];
    return out;
  }

  /** What each draw gives, [300]; NaN for one that holds none of the images that count. */
  #resampled(above: Float64Array, below: Float64Array): Float64Array {
    return Float64Array.from({ length: resamples }, (_, r) => {
      let [x, y] = [0, 0];
      for (let i = 0; i < this.images; i++) {
        const k = this.#drawn[r * this.images + i];
        x += above[k];
        y += below[k];
      }
      return y > 0 ? x / y : Number.NaN;
    });
  }
}

/** Where the middle 95 % lie. */
function percentiles(found: Float64Array): Estimate["interval"] {
  const sorted = found.filter((v) => !Number.isNaN(v)).sort();
  return sorted.length > 0 ? [quantile(sorted, 0.025), quantile(sorted, 0.975)] : null;
}

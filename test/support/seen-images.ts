import "../../src/index.js";
import { foldIn, key, normal } from "../../src/core/prng.js";
import { type Readout, type Representation, readerOf } from "../../src/rjepa/figures/representation.js";

/** Numbers of content of a patch. */
export const codeSize = 6;
export const side = 4;

/** Patterns of 4 x 4 pixels without mean, orthogonal: products of the signs of bits of the pixel's number. */
const patterns = Array.from({ length: codeSize }, (_, j) =>
  Array.from({ length: side * side }, (_, p) => {
    let sign = 1;
    for (let bit = 0; bit < 4; bit++) if (((j + 1) >> bit) & (p >> bit) & 1) sign = -sign;
    return sign;
  }),
);

export interface World {
  readonly images: number;
  readonly viewers: number;
  readonly steps: number;
  readonly seed: number;
  /** Correlation of a patch's content with that of its image. */
  readonly shared?: number;
  /** Correlation of luminance from one fixation to the next, whatever the image. */
  readonly light?: number;
}

/**
 * Sequences on images that are known: each image has a code, and the content of a patch is that code and noise; luminance drifts
 * from fixation to fixation and says nothing of the image.
 */
export function world({ images, viewers, steps, seed, shared = 0.7, light = 0.95 }: World) {
  const count = images * viewers;
  const draw = (name: string, n: number): Float64Array => normal(foldIn(key(seed), name), n);
  const [codes, noise] = [draw("codes", images * codeSize), draw("noise", count * steps * codeSize)];
  const [drift, walk] = [draw("light", count * steps), draw("walk", count * steps * 2)];
  const image = Int32Array.from({ length: count }, (_, i) => 100 + (i % images));
  const content = new Float64Array(count * steps * codeSize);
  const luminance = new Float64Array(count * steps);
  for (let f = 0; f < count * steps; f++) {
    const of = image[Math.floor(f / steps)] - 100;
    for (let k = 0; k < codeSize; k++)
      content[f * codeSize + k] =
        shared * codes[of * codeSize + k] + Math.sqrt(1 - shared ** 2) * noise[f * codeSize + k];
    luminance[f] =
      f % steps === 0 ? drift[f] : light * luminance[f - 1] + Math.sqrt(1 - light ** 2) * drift[f];
  }
  const frame = 3 * side * side;
  const patch = (f: number): Float32Array => {
    const own = content.subarray(f * codeSize, (f + 1) * codeSize);
    // all patches have one contrast
    const size = Math.hypot(...own);
    return Float32Array.from({ length: frame }, (_, at) => {
      const p = at % (side * side);
      return 128 + 20 * luminance[f] + 20 * own.reduce((sum, c, k) => sum + (c / size) * patterns[k][p], 0);
    });
  };
  return {
    count,
    steps,
    scales: 1,
    size: side,
    image,
    codes,
    positions: walk.map((v) => 400 + 2 * v),
    diagonal: new Float64Array(count).fill(1000),
    crops(sequences: ArrayLike<number>, from: number, to: number): Float32Array {
      const out = new Float32Array(sequences.length * (to - from) * frame);
      for (let at = 0, i = 0; i < sequences.length; i++)
        for (let t = from; t < to; t++, at += frame) out.set(patch(sequences[i] * steps + t), at);
      return out;
    },
  };
}

/** What is on a patch, but for its luminance: [n, 6] of crops [n, 1, 3, 4, 4]. */
export const contentOf = {
  name: "content",
  size: codeSize,
  of: (crops: Float32Array, n: number): Float64Array =>
    Float64Array.from({ length: n * codeSize }, (_, at) => {
      const first = Math.floor(at / codeSize) * 3 * side * side;
      return patterns[at % codeSize].reduce((sum, sign, p) => sum + sign * crops[first + p], 0) / 320;
    }),
};

/** A representation that says nothing: each embedding is 1 plus a little rounding. */
export function constant(size: number, rounding: number): Representation {
  let seed = 0;
  const some = (n: number): Float64Array => normal(key(seed++), n * size).map((v) => 1 + rounding * v);
  return {
    name: `constant ${rounding}`,
    size,
    target: "recurrent",
    read: (_, n, t, others = []): Readout => ({
      h: some(n * t),
      fresh: some(n * t),
      context: some(n * t),
      others: others.map(() => ({ h: some(n), fresh: some(n) })),
    }),
    predict: (h) => h.map(() => 1),
  };
}

/** The same sequences in another order. */
export function reordered(f: ReturnType<typeof world>, order: ArrayLike<number>): ReturnType<typeof world> {
  const { steps } = f;
  const all = Array.from(order);
  return {
    ...f,
    image: Int32Array.from(all, (i) => f.image[i]),
    diagonal: Float64Array.from(all, (i) => f.diagonal[i]),
    positions: Float64Array.from(
      all.flatMap((i) => [...f.positions.subarray(2 * steps * i, 2 * steps * (i + 1))]),
    ),
    crops: (sequences, from, to) =>
      f.crops(
        Array.from(sequences, (i) => all[i]),
        from,
        to,
      ),
  };
}

/** The same representation, but for what it makes of crops. */
export const changed = (
  r: Representation,
  change: (readout: Readout) => Readout,
  name = r.name,
): Representation => {
  const read = readerOf(r);
  return { ...r, name, patchwise: undefined, read: (...given) => change(read(...given)) };
};

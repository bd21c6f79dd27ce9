import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { foldIn, type Key, key, normal, uniform } from "../../../src/core/prng.js";
import { centered } from "../../../src/rjepa/figures/judging/arrays.js";
import { Bootstrap } from "../../../src/rjepa/figures/judging/bootstrap.js";
import { effectiveRank } from "../../../src/rjepa/figures/judging/effective-rank.js";
import { identified } from "../../../src/rjepa/figures/judging/identify.js";
import { solvePositive } from "../../../src/rjepa/figures/judging/positive.js";
import { crossOf } from "../../../src/rjepa/figures/judging/products.js";
import { applyRidge, fitRidge } from "../../../src/rjepa/figures/judging/ridge.js";
import { toldWidth, withSaccades } from "../../../src/rjepa/figures/judging/saccades.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";

const algebra = await linearAlgebra();
const numbers = (seed: number, n: number): Float64Array => normal(key(seed), n);

describe("bootstrap", () => {
  const [images, viewers] = [30, 10];
  const image = Int32Array.from({ length: images * viewers }, (_, i) => 7 * Math.floor(i / viewers));
  /** Values that the viewers of an image share but for a little. */
  const values = (seed: number): Float64Array => {
    const [of, own] = [numbers(seed, images), numbers(seed + 1, image.length)];
    return own.map((v, i) => of[image[i] / 7] + 0.1 * v);
  };

  const meanOf = (of: Int32Array, k: Key, x: Float64Array) => {
    const bootstrap = new Bootstrap(of, k);
    return bootstrap.estimate(bootstrap.mean(x));
  };

  it("resamples images, where sequences would promise too much", () => {
    const width = (of: Int32Array): number => {
      const [low, high] = meanOf(of, key(1), values(4)).interval!;
      return high - low;
    };
    const ratio = width(image) / width(image.map((_, i) => i));
    expect(ratio).toBeGreaterThan(0.7 * Math.sqrt(viewers));
    expect(ratio).toBeLessThan(1.4 * Math.sqrt(viewers));
  });

  it("covers the truth about as often as it says", () => {
    const covered = Array.from({ length: 200 }, (_, s) => {
      const { interval } = meanOf(image, foldIn(key(2), s), values(100 + 2 * s));
      return interval![0] < 0 && interval![1] > 0 ? 1 : 0;
    }).reduce<number>((a, b) => a + b, 0);
    // 95 % of 200 by percentiles of 30 images, which are a little narrow
    expect(covered).toBeGreaterThan(174);
    expect(covered).toBeLessThan(200);
  });

  it("holds two against each other on the same images, which tells what single intervals hide", () => {
    const bootstrap = new Bootstrap(image, key(1));
    const [x, y] = [values(4), values(4).map((v, i) => v + 0.1 + 0.05 * numbers(9, image.length)[i])];
    const [a, b] = [bootstrap.mean(y), bootstrap.mean(x)];
    const [one, other, margin] = [bootstrap.estimate(a), bootstrap.estimate(b), bootstrap.margin(a, b)!];
    expect(one.interval![0]).toBeLessThan(other.interval![1]);
    expect(margin.value).toBeCloseTo(one.value - other.value, 12);
    expect(margin.interval![0]).toBeGreaterThan(0.08);
    expect(margin.interval![1]).toBeLessThan(0.12);
    expect(bootstrap.margin(b, a)!.interval![1]).toBeCloseTo(-margin.interval![0], 12);
    expect(bootstrap.margin(a, a)).toEqual({ value: 0, interval: [0, 0] });
  });

  it("fails where there is nothing to divide by", () => {
    const ones = new Float64Array(image.length).fill(1);
    const bootstrap = new Bootstrap(image, key(1));
    const nothing = bootstrap.ratio(
      ones,
      ones.map(() => 0),
    );
    expect(bootstrap.estimate(nothing)).toMatchObject({ value: Infinity, interval: null });
    expect(bootstrap.margin(bootstrap.mean(ones), nothing)).toBeNull();
  });
});

describe("regression", () => {
  it("solves positive systems of one and several blocks as a direct solve does", () => {
    for (const n of [1, 5, 64, 150]) {
      const x = numbers(n, 2 * n * n);
      const [a, b] = [crossOf(x, n, x, n).slice(), numbers(n + 1, n * 3)];
      const direct = algebra.solve(a, b, n, 3);
      solvePositive(a, n, b, 3).forEach((v, i) => {
        expect(v).toBeCloseTo(direct[i], 8);
      });
    }
  });

  it("leaves out an unknown that nothing tells", () => {
    expect([...solvePositive(Float64Array.of(4, 0, 0, 0), 2, Float64Array.of(8, 1), 1)]).toEqual([2, 0]);
  });

  it("by ridge is the normal equations of centered inputs, each punished by its own size", () => {
    const [n, p, m, penalty] = [50, 4, 2, 0.3];
    const x = numbers(1, n * p).map((v, at) => 3 + v * 10 ** (at % p));
    const y = numbers(2, n * m).map((v, at) => v + x[Math.floor(at / m) * p]);
    const mean = (z: Float64Array, w: number, k: number): number => {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += z[i * w + k] / n;
      return sum;
    };
    const a = new Float64Array(p * p);
    const b = new Float64Array(p * m);
    for (let i = 0; i < n; i++)
      for (let k = 0; k < p; k++) {
        const v = x[i * p + k] - mean(x, p, k);
        for (let l = 0; l < p; l++) a[k * p + l] += v * (x[i * p + l] - mean(x, p, l));
        for (let c = 0; c < m; c++) b[k * m + c] += v * (y[i * m + c] - mean(y, m, c));
      }
    for (let k = 0; k < p; k++) a[k * p + k] *= 1 + penalty;
    const weights = algebra.solve(a, b, p, m);
    const found = applyRidge(fitRidge(x, p, y, m, penalty), x);
    for (let i = 0; i < n; i++)
      for (let c = 0; c < m; c++) {
        let expected = mean(y, m, c);
        for (let k = 0; k < p; k++) expected += (x[i * p + k] - mean(x, p, k)) * weights[k * m + c];
        expect(found[i * m + c]).toBeCloseTo(expected, 7);
      }
  });

  it("by ridge leaves out what is constant, and does not mind small inputs", () => {
    const y = numbers(3, 40);
    const x = Float64Array.from({ length: 80 }, (_, at) => (at % 2 === 0 ? 1e-9 * y[at / 2] : 0.3));
    const map = fitRidge(x, 2, y, 1, 1e-9);
    expect(map.weights[1]).toBe(0);
    applyRidge(map, x).forEach((v, i) => {
      expect(v).toBeCloseTo(y[i], 6);
    });
  });

  it("is told the saccade and its products with h", () => {
    const row = [...withSaccades(Float64Array.of(2, 3), 2, Float64Array.of(0.03, 0.04))];
    const [a, b] = [Math.exp(-0.5), Math.exp(-0.05 / 0.3)];
    expect(row.length).toBe(toldWidth(2));
    const expected = [2, 3, 0.3, 0.45, 0.4, 0.6, 2 * a, 3 * a, 2 * b, 3 * b, 0.15, 0.2, a, b];
    row.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 12);
    });
  });
});

describe("spread", () => {
  it("is two-pass, and exactly none of a column that is constant but for rounding", () => {
    const far = numbers(3, 200).map((v, at) => (at % 2 === 0 ? 1e8 + v : 0.1));
    const around = centered(far, 2);
    let squares = 0;
    for (let at = 0; at < 200; at += 2) squares += around[at] ** 2 / 100;
    expect(around.filter((_, at) => at % 2 === 1).every((v) => v === 0)).toBe(true);
    // a spread of 1e-8 of the size is rounding
    expect(squares).toBe(0);
    const near = centered(
      far.map((v, at) => (at % 2 === 0 ? v - 1e8 + 1e4 : v)),
      2,
    );
    expect(near.reduce((sum, v) => sum + v * v, 0) / 100).toBeGreaterThan(0.6);
  });

  it("has an effective rank", () => {
    expect(effectiveRank([4, 4, 4, 4])).toBeCloseTo(4, 12);
    expect(effectiveRank([9, 0, 0])).toBeCloseTo(1, 12);
    expect(effectiveRank([0, 0])).toBe(0);
  });
});

describe("identification", () => {
  it("is the mean over galleries of one other sequence of each image", () => {
    const [n, d] = [18, 3];
    const image = Int32Array.from({ length: n }, (_, i) => i % 5);
    const x = numbers(5, n * d).map((v, at) => v + 2 * Math.sin(image[Math.floor(at / d)] * (1 + (at % d))));
    const found = identified(x, x, d, image);
    // the same by drawing: white vectors by the eigenvectors
    const around = centered(x, d);
    const covariance = crossOf(around, d, around, d).map((v) => v / n);
    const trace = (covariance[0] + covariance[4] + covariance[8]) / 3;
    for (let k = 0; k < d; k++) covariance[k * d + k] += 1e-3 * trace;
    const { values, vectors } = algebra.eigen(covariance, d);
    const white = Array.from({ length: n }, (_, i) => {
      const z = vectors.map(
        (v, k) => v.reduce((s, w, u) => s + w * around[i * d + u], 0) / Math.sqrt(values[k]),
      );
      return z.map((v) => v / Math.hypot(...z));
    });
    const cosine = (i: number, j: number): number => white[i].reduce((s, v, k) => s + v * white[j][k], 0);
    const draws = 4000;
    const u = uniform(key(6), draws * 5);
    const hits = new Float64Array(n);
    for (let r = 0; r < draws; r++)
      for (let i = 0; i < n; i++) {
        const gallery = Array.from({ length: 5 }, (_, k) => {
          const some = [...image.keys()].filter((j) => image[j] === k && j !== i);
          return some[Math.floor(u[r * 5 + k] * some.length)];
        });
        const top = gallery.reduce((a, b) => (cosine(i, b) > cosine(i, a) ? b : a));
        hits[i] += image[top] === image[i] ? 1 / draws : 0;
      }
    hits.forEach((v, i) => {
      expect(Math.abs(v - found[i])).toBeLessThan(0.05);
    });
    expect(hits.reduce((a, b) => a + b, 0) / n).toBeGreaterThan(0.3);
  });

  it("knows nothing of an image that nobody else saw", () => {
    const image = Int32Array.of(0, 1, 1);
    expect(identified(numbers(7, 6), numbers(8, 20), 2, image).map((v) => (Number.isNaN(v) ? 1 : 0))[0]).toBe(
      1,
    );
  });
});

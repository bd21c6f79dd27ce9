import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { key, normal } from "../../../src/core/prng.js";
import { Bootstrap } from "../../../src/rjepa/figures/judging/bootstrap.js";
import { type Portrait, portraitOf } from "../../../src/rjepa/figures/judging/portrait.js";
import type { Fixations, Representation } from "../../../src/rjepa/figures/representation.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";

const algebra = await linearAlgebra();
const [count, steps, d] = [60, 5, 3];
/** h(t) of each sequence, [count, steps, d], which drifts along the first unit. */
const noise = normal(key(1), count * steps * d);
const h = noise.map(
  (v, at) => [3, 1, 0.2][at % d] * v + (at % d === 0 ? 4 * (Math.floor(at / d) % steps) : 100),
);

/** Sequences whose crops are their own numbers: a representation finds what it holds for them. */
const fixations: Fixations = {
  count,
  steps,
  scales: 1,
  size: 1,
  image: Int32Array.from({ length: count }, (_, i) => Math.floor(i / 3)),
  positions: normal(key(2), count * steps * 2),
  diagonal: new Float64Array(count).fill(100),
  crops: (which, from, to) =>
    Float32Array.from(
      Array.from(which).flatMap((i) => Array.from({ length: to - from }, (_, t) => [i, from + t, 0]).flat()),
    ),
};

const holding = (rows: Float64Array, target: Representation["target"] = "recurrent"): Representation => ({
  name: "held",
  size: d,
  target,
  read(crops, n, t) {
    const found = new Float64Array(n * t * d);
    for (let r = 0; r < n * t; r++) {
      const from = (crops[3 * r] * steps + crops[3 * r + 1]) * d;
      found.set(rows.subarray(from, from + d), r * d);
    }
    return { h: found, fresh: found.map((v) => 2 * v), context: null, others: [] };
  },
});
const predicting = (rows: Float64Array, target?: Representation["target"]): Representation => ({
  ...holding(rows, target),
  predict: (from, saccades, n) =>
    Float64Array.from({ length: n * d }, (_, at) => 0.5 * from[at] + saccades[2 * Math.floor(at / d)]),
});
const options = { test: fixations, fit: fixations, algebra, key: key(3) };

/** What is meant, number by number. */
function direct(target: (i: number, t: number, k: number) => number) {
  const at = (i: number, t: number, k: number) => h[(i * steps + t) * d + k];
  const saccade = (i: number, t: number) =>
    (fixations.positions[2 * (i * steps + t)] - fixations.positions[2 * (i * steps + t - 1)]) / 100;
  const each = (term: (i: number, k: number) => number) => {
    let sum = 0;
    for (let i = 0; i < count; i++) for (let k = 0; k < d; k++) sum += term(i, k) / (count * d);
    return sum;
  };
  const meanOf = (t: number, k: number) =>
    Array.from({ length: count }, (_, i) => target(i, t, k)).reduce((a, b) => a + b, 0) / count;
  return Array.from({ length: steps - 1 }, (_, s) => s + 1).map((t) => ({
    loss: each((i, k) => (0.5 * at(i, t - 1, k) + saccade(i, t) - target(i, t, k)) ** 2),
    copy: each((i, k) => (target(i, t - 1, k) - target(i, t, k)) ** 2),
    variance: each((i, k) => (target(i, t, k) - meanOf(t, k)) ** 2),
  }));
}

describe("a portrait", () => {
  it.each(["recurrent", "fresh"] as const)("has the loss at each step, of a %s target", (kind) => {
    const scale = kind === "fresh" ? 2 : 1;
    const expected = direct((i, t, k) => scale * h[(i * steps + t) * d + k]);
    const { prediction, sequences, images } = portraitOf(predicting(h, kind), options);
    expect([sequences, images]).toEqual([count, 20]);
    const { loss, copy, relative } = prediction;
    expect(loss.points.map(({ at }) => at)).toEqual([2, 3, 4, 5]);
    expected.forEach((e, s) => {
      // sums of 180 squares in another order
      expect(loss.points[s].value / e.loss).toBeCloseTo(1, 10);
      expect(copy.points[s].value / e.copy).toBeCloseTo(1, 10);
      expect(relative!.loss.points[s].value / (e.loss / e.variance)).toBeCloseTo(1, 10);
      expect(relative!.copy.points[s].value / (e.copy / e.variance)).toBeCloseTo(1, 10);
      const [low, high] = loss.points[s].interval!;
      expect(low).toBeLessThan(e.loss);
      expect(high).toBeGreaterThan(e.loss);
    });
    expect(loss.fall!.value).toBeCloseTo(expected[0].loss - expected[3].loss, 8);
  });

  it("has intervals over images, as every figure", () => {
    const { prediction } = portraitOf(predicting(h), options);
    const own = new Float64Array(count);
    for (let i = 0; i < count; i++)
      for (let k = 0; k < d; k++) own[i] += (h[i * steps * d + k] - h[(i * steps + 1) * d + k]) ** 2 / d;
    const bootstrap = new Bootstrap(fixations.image, key(3));
    const [low, high] = bootstrap.estimate(bootstrap.mean(own)).interval!;
    expect(prediction.copy.points[0].interval![0]).toBeCloseTo(low, 10);
    expect(prediction.copy.points[0].interval![1]).toBeCloseTo(high, 10);
  });

  it("fits a regression where there is no prediction", () => {
    // the next is the last with its sign turned: a ridge regression finds it, but for what its small penalty takes
    const told = noise.slice();
    for (let i = 0; i < count; i++)
      for (let t = 1; t < steps; t++)
        for (let k = 0; k < d; k++) told[(i * steps + t) * d + k] = -told[(i * steps + t - 1) * d + k];
    const { relative } = portraitOf(holding(told), options).prediction;
    for (const { value } of relative!.loss.points) expect(value).toBeLessThan(0.01);
    // (x − (−x))² is 4 x², and deviations are from the mean
    for (const { value } of relative!.copy.points) expect(value).toBeGreaterThan(3.999);
  });

  it("has the spectrum and principal axes of h over all sequences and steps", () => {
    const { spectrum, explained, paths, mean } = portraitOf(predicting(h), options).shape!;
    const n = count * steps;
    const centerOf = (k: number) => h.filter((_, at) => at % d === k).reduce((a, b) => a + b, 0) / n;
    const center = [0, 1, 2].map(centerOf);
    const covariance = Float64Array.from({ length: d * d }, (_, at) => {
      const [a, b] = [Math.floor(at / d), at % d];
      let sum = 0;
      for (let r = 0; r < n; r++) sum += (h[r * d + a] - center[a]) * (h[r * d + b] - center[b]);
      return sum / n;
    });
    const trace = covariance[0] + covariance[4] + covariance[8];
    expect(spectrum.reduce((a, b) => a + b, 0) / trace).toBeCloseTo(1, 10);
    expect(explained[0]).toBeCloseTo(spectrum[0] / trace, 10);
    expect(spectrum[0]).toBeGreaterThan(spectrum[1]);
    expect(spectrum[1]).toBeGreaterThan(spectrum[2]);
    // drift and most noise are along the first unit, which the first axis therefore is, and its sign is positive
    mean.forEach(([x], t) => {
      expect(Math.abs(x - 4 * (t - 2))).toBeLessThan(2);
    });
    expect(paths.length).toBe(40);
    expect(paths.every((path) => path.length === steps)).toBe(true);
    // on their axes: rows projected on an axis have its eigenvalue as their variance, of which these are a sample
    const all = portraitOf(predicting(h), { ...options, test: { ...fixations } }).shape!.paths.flat();
    const spread = all.reduce((sum, [x]) => sum + x * x, 0) / all.length;
    expect(spread / spectrum[0]).toBeGreaterThan(0.8);
    expect(spread / spectrum[0]).toBeLessThan(1.25);
  });

  it("keeps its digits far from 0, and has nothing of what has collapsed", () => {
    const near = portraitOf(predicting(h), options).shape!.spectrum;
    const far = portraitOf(predicting(h.map((v) => v + 1e5)), options).shape!.spectrum;
    // the least deviation is 0.2, of which 1e5 in float64 leaves 1e-10; E[x²] − E[x]² would leave 1e-5 of the least eigenvalue
    near.forEach((value, k) => {
      expect(far[k] / value).toBeCloseTo(1, 7);
    });
    const flat = portraitOf(predicting(h.map(() => 0.1)), options);
    expect(flat.shape!.spectrum).toEqual([0, 0, 0]);
    expect(flat.shape!.explained).toEqual([0, 0]);
    expect(flat.prediction.relative).toBeNull();
    expect(flat.prediction.copy.points.every(({ value }) => value === 0)).toBe(true);
    const plain: Portrait = JSON.parse(JSON.stringify(flat));
    expect(plain).toEqual(flat);
  });
});

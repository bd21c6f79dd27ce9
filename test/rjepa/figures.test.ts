import { describe, expect, it } from "vitest";
import { key, normal } from "../../src/core/prng.js";
import type { FixationSequence } from "../../src/data/index.js";
import type { Embeddings } from "../../src/rjepa/embed.js";
import { figuresOf, rankMe, varianceByStep } from "../../src/rjepa/figures.js";
import { linearAlgebra } from "../../src/rjepa/linear-algebra.js";

const [n, steps, d] = [400, 5, 3];

/** A process h(t) = a h(t−1) + noise of unit variance, and the loss of a given prediction. */
function made(a: number, predict: (previous: number) => number, seed = 1): Embeddings {
  const z = normal(key(seed), n * steps * d);
  const h = new Float64Array(z.length);
  const loss = new Float64Array(n * steps);
  const swapped = new Float64Array(n);
  for (let i = 0; i < n; i++)
    for (let t = 0; t < steps; t++)
      for (let k = 0; k < d; k++) {
        const at = (i * steps + t) * d + k;
        h[at] = t === 0 ? z[at] : a * h[at - d] + Math.sqrt(1 - a * a) * z[at];
        if (t > 0) loss[i * steps + t] += (predict(h[at - d]) - h[at]) ** 2 / d;
      }
  for (let i = 0; i < n; i++) swapped[i] = 2 * loss[i * steps + steps - 1];
  return { sequences: n, steps, d, h, loss, swapped };
}

const sequences = Array.from({ length: n }, (_, i) => ({ image: `${i % 40}` }) as FixationSequence);

describe("figures", async () => {
  const algebra = await linearAlgebra();
  const figures = (e: Embeddings, fit = e) => figuresOf(e, sequences, fit, algebra, key(2));

  it("of a process with known correlation are what they should be", () => {
    const a = 0.8;
    const f = figures(
      made(a, (h) => a * h),
      made(a, (h) => h, 7),
    );
    // the best predictor leaves 1 − a² of the variance, a copy 2 − 2a; sampling moves them by a few percent
    expect(f.ratio).toBeCloseTo(1 - a * a, 1);
    expect(f.refit).toBeCloseTo(f.ratio, 1);
    expect(f.refit).toBeGreaterThanOrEqual(f.ratio * 0.97);
    expect(f.copy).toBeCloseTo(2 - 2 * a, 1);
    expect(f.swap).toBeCloseTo(2, 12);
    expect(f.acc).toBe(1);
    expect(f.variance).toBeCloseTo(1, 1);
    expect(f.rankMe).toBeCloseTo(3, 1);
    expect(f.lossByStep.length).toBe(steps - 1);
    expect(Math.abs(f.contextGain)).toBeLessThan(4 * f.contextGainError);
    expect(f.contextGainError).toBeGreaterThan(0);
  });

  it("score the mean of h as one, and a copy as copy", () => {
    expect(figures(made(0.5, () => 0)).ratio).toBeCloseTo(1, 1);
    const copied = figures(made(0.5, (h) => h));
    expect(copied.ratio).toBeCloseTo(copied.copy, 12);
  });

  it("see a collapse of scale as no gain: the ratio does not fall with h", () => {
    const e = made(0.5, (h) => h);
    const shrunk = {
      ...e,
      h: e.h.map((v) => v * 1e-3),
      loss: e.loss.map((v) => v * 1e-6),
      swapped: e.swapped.map((v) => v * 1e-6),
    };
    expect(figures(shrunk).ratio).toBeCloseTo(figures(e).ratio, 10);
    expect(varianceByStep(shrunk)[0]).toBeLessThan(1e-5);
  });

  it("count effective rank", () => {
    expect(rankMe([4, 4, 4, 4])).toBeCloseTo(4, 12);
    expect(rankMe([9, 0, 0])).toBeCloseTo(1, 12);
    expect(rankMe([0, 0])).toBe(0);
  });
});

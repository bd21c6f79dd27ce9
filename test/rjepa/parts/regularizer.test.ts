import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/core/errors.js";
import { key as keyOf } from "../../../src/core/prng.js";
import { mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { covariancePenalty, penaltyOf, varianceHinge } from "../../../src/rjepa/parts/regularizer.js";
import { entries } from "../../../src/tensor/read.js";
import type { Tensor } from "../../../src/tensor/tensor.js";
import { checkGradients } from "../../../src/testing/index.js";
import { lossesOf, samplesOf } from "./_support.js";
import { small } from "./small.js";

const [batch, d] = [6, 4];
/** Embeddings whose deviations lie on both sides of the hinge. */
const h = mul(normal(keyOf(1), [batch, d]), normal(keyOf(2), [d]));

/** Covariances of units over B − 1, in plain numbers. */
function covariances(x: Tensor): number[][] {
  const [n, units] = x.shape;
  const at = (b: number, i: number): number => entries(x)[b * units + i];
  const rows = Array.from({ length: n }, (_, b) => b);
  const means = Array.from({ length: units }, (_, i) => rows.reduce((s, b) => s + at(b, i), 0) / n);
  return means.map((mi, i) =>
    means.map((mj, j) => rows.reduce((s, b) => s + (at(b, i) - mi) * (at(b, j) - mj), 0) / (n - 1)),
  );
}

describe("the regularizer", () => {
  it("is what Bardes et al. write, in plain numbers", () => {
    const C = covariances(h);
    const deviations = C.map((row, i) => Math.sqrt(row[i] + 1e-4));
    expect(deviations.some((s) => s < 1) && deviations.some((s) => s > 1)).toBe(true);
    const hinge = deviations.reduce((s, v) => s + Math.max(0, 1 - v), 0) / d;
    const apart = C.flatMap((row, i) => row.map((v, j) => (i === j ? 0 : v * v)));
    const covariance = apart.reduce((s, v) => s + v, 0) / d;
    // sums of a few products in float64
    expect(varianceHinge(h).item()).toBeCloseTo(hinge, 13);
    expect(covariancePenalty(h).item()).toBeCloseTo(covariance, 13);
    expect(penaltyOf({ variance: 0.3, covariance: 2 }, h)?.item()).toBeCloseTo(
      0.3 * hinge + 2 * covariance,
      12,
    );
  });

  it("has the derivatives of its values", () => {
    for (const penalty of [varianceHinge, covariancePenalty])
      expect(() => checkGradients(penalty, [h])).not.toThrow();
  });

  it("is largest where all embeddings are one, and there still says where to go", () => {
    // √1e-4 is left of the deviation
    expect(varianceHinge(mul(h, 0)).item()).toBeCloseTo(0.99, 13);
    expect(covariancePenalty(mul(h, 0)).item()).toBe(0);
  });

  it("adds to the loss the mean over predictions of each area's penalty, and nothing without weights", () => {
    const [steps, decay] = [3, 0];
    const loss = (regularizer?: { variance?: number; covariance?: number }): number => {
      const model = jepa({ preset: small({ objective: "top", regularizer }), steps, decay });
      return lossesOf(model, samplesOf(model, keyOf(3), batch, steps)).reduce((a, b) => a + b);
    };
    const plain = loss();
    expect(loss({})).toBe(plain);
    expect(loss({ variance: 0, covariance: 0 })).toBe(plain);
    const [one, two] = [loss({ variance: 1 }), loss({ variance: 2 })];
    expect(one).toBeGreaterThan(plain + 1e-3);
    expect(two - plain).toBeCloseTo(2 * (one - plain), 12);
    expect(loss({ variance: 2, covariance: 1 }) - two).toBeCloseTo(loss({ covariance: 1 }) - plain, 12);
  });

  it("is refused for one stream, which has no variance", () => {
    const model = jepa({ preset: small({ regularizer: { covariance: 1 }, head: "running" }), steps: 2 });
    expect(() => lossesOf(model, samplesOf(model, keyOf(3), 1, 2))).toThrow(
      new ArgumentError(
        "jepa: expected at least 2 streams for a regularizer, which is of variances over them, got 1",
      ),
    );
  });
});

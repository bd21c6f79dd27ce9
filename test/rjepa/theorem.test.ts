/** Theorem 1 on the linear model: what `onward theorem` shows holds, and would not hold of another claim. */
import { describe, expect, it } from "vitest";
import { item, mul, square, sum, tensor } from "../../src/index.js";
import { experiments } from "../../src/rjepa/theorem/experiments.js";
import { flow } from "../../src/rjepa/theorem/flow.js";
import { imbalance, keptVariance, lossOf, varianceOf } from "../../src/rjepa/theorem/linear-model.js";

describe("Theorem 1 on the linear model", () => {
  it.each(experiments)("$name", ({ run }) => {
    const { found } = run();
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ holds }) => !holds)).toEqual([]);
  });

  const process = { variances: [1, 0.8], correlations: [0.9, 0.8] };
  const start = { Wh: tensor([[0.7, 0.2]]), WG: tensor([[0.6]]) };

  it("is about the factor that decays have, and no other", () => {
    const decays = { predictor: 0.02, head: 0.01 };
    const end = flow(lossOf({ process, decays, target: "stopGradient" }), start, { time: 500, step: 0.2 });
    expect(imbalance(end, 0.5)).toBeLessThan(1e-4);
    expect(imbalance(end, 1)).toBeGreaterThan(0.1);
  });

  it("has a loss that samples of the process have", () => {
    // two states of equal weight that follow each other by a rule of probability (1 + ρ)/2
    const [v, rho, wh, wg] = [1, 0.6, 0.8, 0.3];
    const expected = [1, -1].reduce(
      (total, next) => total + ((1 + next * rho) / 2) * (wg * wh - wh * next) ** 2,
      0,
    );
    const loss = lossOf({
      process: { variances: [v], correlations: [rho] },
      decays: { predictor: 0.1, head: 0.2 },
      target: "stopGradient",
    });
    const found = item(loss({ Wh: tensor([[wh]]), WG: tensor([[wg]]) }));
    expect(found).toBeCloseTo(expected + 0.1 * wg ** 2 + 0.2 * wh ** 2, 14);
  });

  it("has a mode die where the last of its variance would be a quarter of it", () => {
    // a root of what rounding leaves at the threshold
    expect(keptVariance(1, 0.8, 0.16, 1)).toBeCloseTo(0.16, 7);
    expect(keptVariance(1, 0.8, 0.1601, 1)).toBe(0);
    expect(varianceOf(start, process)).toBeCloseTo(0.49 + 0.8 * 0.04, 14);
  });
});

describe("gradient flow", () => {
  it("is of fourth order", () => {
    const errorOf = (step: number): number => {
      const end = flow((x) => mul(sum(square(x)), 0.5), tensor([1]), { time: 1, step });
      return Math.abs(item(sum(end)) - Math.exp(-1));
    };
    const ratio = errorOf(0.2) / errorOf(0.1);
    expect(ratio).toBeGreaterThan(14);
    expect(ratio).toBeLessThan(20);
  });
});

import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { normal } from "../../../src/ops/random.js";
import { RunningStatistics } from "../../../src/rjepa/parts/statistics.js";
import { entries } from "../../../src/tensor/read.js";
import type { Tensor } from "../../../src/tensor/tensor.js";

const units = 3;
/** What is added to a variance below the root, of few outputs. */
const floor = 1e-5;

/** Outputs [B, n] of t steps. */
const outputsOf = (u: number, batch: number, steps: number): Tensor[] =>
  Array.from({ length: steps }, (_, t) => normal(foldIn(foldIn(keyOf(1), u), t), [batch, units]));

/** Mean and variance of a unit over rows of some weights, in plain numbers. */
function mixture(rows: readonly (readonly [values: ArrayLike<number>, weight: number])[], unit: number) {
  const total = rows.reduce((s, [, w]) => s + w, 0);
  const mean = rows.reduce((s, [v, w]) => s + w * v[unit], 0) / total;
  return { mean, variance: rows.reduce((s, [v, w]) => s + w * (v[unit] - mean) ** 2, 0) / total };
}

describe("running statistics", () => {
  it.each([
    ["one fixation at a time", 1, 1],
    ["sequences of one stream", 1, 4],
    ["batches", 2, 3],
  ])("of a running head are those of all outputs, weighted by their age: %s", (_, batch, steps) => {
    const weight = 0.3;
    const running = RunningStatistics.of([units], steps, "running");
    const rows: [Float64Array, number][] = [];
    for (let u = 0; u < 5; u++) {
      const w = u === 0 ? 1 : weight;
      const outputs = outputsOf(u, batch, steps);
      running.update([outputs], [outputs[0]], w);
      for (const row of rows) row[1] *= 1 - w;
      for (const r of outputs)
        for (let b = 0; b < batch; b++)
          rows.push([
            Float64Array.from(entries(r).subarray(b * units, (b + 1) * units)),
            w / (batch * steps),
          ]);
    }
    const [{ recurrent }] = running.ofBatch("float64");
    for (let i = 0; i < units; i++) {
      const { mean, variance } = mixture(rows, i);
      // a few updates in float64, two ways
      expect(entries(recurrent.mean as Tensor)[i]).toBeCloseTo(mean, 13);
      expect(entries(recurrent.scale)[i]).toBeCloseTo(1 / Math.sqrt(variance + floor), 12);
    }
  });

  it("of a running head are the same for training and for reading, at every step", () => {
    const running = RunningStatistics.of([units], 4, "running");
    running.update([outputsOf(0, 2, 4)], [outputsOf(0, 2, 1)[0]], 1);
    for (const step of [0, 3, 9]) expect(running.ofStep("float64", step)).toEqual(running.ofBatch("float64"));
  });

  it("of a head with the mean of the batch leave that mean to the batch, and have one for each step", () => {
    const running = RunningStatistics.of([units], 2);
    running.update([outputsOf(0, 4, 2)], [outputsOf(0, 4, 1)[0]], 1);
    expect(running.ofBatch("float64")[0].recurrent.mean).toBeNull();
    const [first, second] = [0, 1].map((t) =>
      entries(running.ofStep("float64", t)[0].recurrent.mean as Tensor),
    );
    expect(Array.from(first)).not.toEqual(Array.from(second));
  });
});

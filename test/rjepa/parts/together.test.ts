import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { pairLeaves } from "../../../src/core/pair-leaves.js";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { relativeError } from "../../../src/core/relative-error.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { presets } from "../../../src/rjepa/parts/preset.js";
import { statisticsOf, Trainer } from "../../../src/rjepa/parts/train.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { noise } from "./small.js";

const { tiny } = presets;
const [steps, streams, updates] = [8, 3, 100];
const model = jepa({ preset: tiny, steps });
const params = model.init(keyOf(1));
const batchAt = (u: number) => noise(tiny, foldIn(keyOf(5), u), streams, steps);

function trained(rule: string): ModelParams {
  const statistics = statisticsOf(model, params, [batchAt(900)]);
  // the warm-up and 50 updates at the full rate, as of a long run
  const trainer = new Trainer(model, params, statistics, { updates: 1200, rule });
  for (let u = 0; u < updates; u++) trainer.update(batchAt(u));
  return trainer.params;
}

/**
 * Biases of areas below the top: embeddings and targets have no mean over the batch, so that the derivative is zero but for
 * rounding, of which Adam makes steps of its full size. Nothing else sees them, for the same reason.
 */
const isOfRounding = (path: string): boolean => /^readout\.bG[1-5]$/.test(path);

describe("tiny", () => {
  it("learns by exact RFP what it learns by BPTT: parameters stay together over 100 updates", () => {
    const [forward, backward] = [trained(`rfp(${steps})`), trained("bptt")];
    const words = { who: "test", reference: "bptt", other: "rfp" };
    const pairs = pairLeaves<Tensor>(words, backward, forward, isTensor);
    const start = new Map(
      pairLeaves<Tensor>(words, backward, params, isTensor).map(({ path, value, other }) => [
        path,
        relativeError(entries(other), entries(value)),
      ]),
    );
    for (const { path, value, other } of pairs) {
      if (isOfRounding(path)) continue;
      // gradients agree to 1e-14; Adam divides by their size, and the loss has directions in which they grow apart
      expect(relativeError(entries(other), entries(value)), path).toBeLessThan(1e-6);
      expect(start.get(path), path).toBeGreaterThan(1e-4);
    }
  }, 400_000);
});

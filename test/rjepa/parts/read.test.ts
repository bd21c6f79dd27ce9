import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { foldIn, key as keyOf, uniform } from "../../../src/core/prng.js";
import { type Batch, jepa } from "../../../src/rjepa/parts/compose.js";
import { seenOf } from "../../../src/rjepa/parts/input.js";
import type { Preset } from "../../../src/rjepa/parts/preset.js";
import { representationOf } from "../../../src/rjepa/parts/read.js";
import { encoderOf } from "../../../src/rjepa/parts/slow.js";
import { statisticsOf, Trainer } from "../../../src/rjepa/parts/train.js";
import { fromData } from "../../../src/tensor/apply.js";
import { lossesOf } from "./_support.js";
import { noise, small } from "./small.js";

const [n, steps] = [5, 3];

/** Crops [n, T, S, 3, P, P] of noise, 0 to 255. */
const cropsOf = ({ input }: Preset): Float32Array =>
  Float32Array.from(uniform(keyOf(7), n * steps * input.crops.length * 3 * input.size ** 2), (u) => 255 * u);

/** The same as a batch. */
function batchOfCrops(preset: Preset, crops: Float32Array, saccades: Float64Array): Batch {
  const frame = crops.length / (n * steps);
  return Array.from({ length: steps }, (_, t) => {
    const own = new Float32Array(n * frame);
    for (let i = 0; i < n; i++)
      own.set(crops.subarray((i * steps + t) * frame, (i * steps + t + 1) * frame), i * frame);
    const seen = seenOf(preset, own, n);
    const led = Float64Array.from({ length: 2 * n }, (_, i) =>
      t === 0 ? 0 : saccades[2 * ((i >> 1) * (steps - 1) + t - 1) + (i % 2)],
    );
    const channels = seen.length / (n * preset.input.size ** 2);
    return {
      input: fromData(
        Float64Array.from(seen),
        [n, channels, preset.input.size, preset.input.size],
        "float64",
      ),
      saccade: fromData(led, [n, 2], "float64"),
    };
  });
}

describe("a model that is read", () => {
  it.each([
    ["colors", { input: { channels: "color", crops: [16], size: 8 }, head: "running" }],
    ["an ema", { target: { kind: "ema", momentum: 0.5 }, head: "running" }],
    [
      "a predictor that is told the context",
      { predictor: { kind: "linear", context: true, saccade: true }, head: "running" },
    ],
    [
      "a network",
      { predictor: { kind: "mlp", hidden: 5, context: true }, head: "running", target: "recurrent" },
    ],
  ] as const)("predicts what its loss says: %s", (_, parts) => {
    const preset = small({ objective: "top", ...(parts as Partial<Preset>) });
    const model = jepa({ preset, steps, decay: 0 });
    const params = model.init(keyOf(1));
    const crops = cropsOf(preset);
    const saccades = uniform(keyOf(8), 2 * n * (steps - 1)).map((u) => 0.4 * u - 0.2);
    const batch = batchOfCrops(preset, crops, saccades);
    const trainer = new Trainer(model, params, statisticsOf(model, params, [batch]), { updates: 6 });
    // away from the start, where all predictors are one, and an ema has not lagged behind
    for (let u = 0; u < 5; u++) trainer.update(noise(preset, foldIn(keyOf(5), u), n, steps));
    const reader = trainer.reader([batch]);
    const representation = representationOf("now", reader);
    const { h, fresh, context } = representation.read(crops, n, steps);
    const d = preset.embedding;
    const target = representation.target === "fresh" ? fresh : h;
    const early = (x: Float64Array): Float64Array => {
      const w = x.length / (n * steps);
      return x.filter((_, i) => Math.floor(i / w) % steps < steps - 1);
    };
    const predicted = representation.predict?.(
      early(h),
      saccades,
      n * (steps - 1),
      context && early(context),
    ) as Float64Array;
    const after = target.filter((_, i) => Math.floor(i / d) % steps > 0);
    const squares = predicted.reduce((sum, v, i) => sum + (v - after[i]) ** 2, 0);
    const heads = reader.statistics.ofBatch("float64");
    const slow = reader.slow === null ? {} : { slow: reader.slow };
    const samples = batch.map((sample) => ({ ...sample, heads, ...slow }));
    const loss = lossesOf(model, samples, reader.params).reduce((a, b) => a + b);
    // both are sums over some hundred products in float64
    expect(squares / (n * (steps - 1) * d)).toBeCloseTo(loss, 11);
  });

  it("embeds patches alone as its targets are, by slow parameters", () => {
    const preset = small({ target: { kind: "ema", momentum: 0.5 } });
    const model = jepa({ preset, steps });
    const [params, others] = [1, 2].map((seed) => model.init(keyOf(seed)));
    const batch = noise(preset, keyOf(5), n, steps);
    const statistics = statisticsOf(model, params, [batch]);
    const slow = encoderOf(others, model.predicting);
    const crops = cropsOf(preset);
    const read = (reader: Parameters<typeof representationOf>[1]) =>
      representationOf("now", reader).read(crops, n, steps);
    const found = read({ jepa: model, params, statistics, slow });
    expect(found.h).toEqual(read({ jepa: model, params, statistics, slow: null }).h);
    expect(found.fresh).toEqual(read({ jepa: model, params: others, statistics, slow: null }).fresh);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { key as keyOf } from "../../../src/core/prng.js";
import { abs, grad, mean, mul, ones, sum, type Tensor, zeros } from "../../../src/index.js";
import { bptt } from "../../../src/learn/index.js";
import { plan } from "../../../src/learn/plan/plan.js";
import { normal } from "../../../src/ops/random.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { embed } from "../../../src/rjepa/parts/head.js";
import type { HeadsPreset } from "../../../src/rjepa/parts/part-presets.js";
import { type Preset, presets } from "../../../src/rjepa/parts/preset.js";
import { entries } from "../../../src/tensor/read.js";
import { samplesOf, sizeOfTree, worst } from "./_support.js";
import { small } from "./small.js";

const head = { gradient: fc.boolean() };
const someHeads = fc.record(
  {
    saccade: fc.record(head, { requiredKeys: [] }),
    class: fc.record(
      { ...head, classes: fc.integer({ min: 2, max: 3 }), from: fc.constantFrom("embedding", "context") },
      { requiredKeys: ["classes"] },
    ),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<HeadsPreset>;
const told = { saccade: fc.boolean(), context: fc.boolean() };

/** Every part of a preset beside its areas, in every combination. */
const someParts = fc.record(
  {
    objective: fc.constantFrom("areas", "top"),
    target: fc.constantFrom<Preset["target"][]>("fresh", "recurrent", "gradient", {
      kind: "ema",
      momentum: 0.9,
    }),
    predictor: fc.oneof(
      fc.record({ kind: fc.constant("linear"), ...told }),
      fc.record({ kind: fc.constant("mlp"), hidden: fc.integer({ min: 1, max: 5 }), ...told }),
    ),
    head: fc.constantFrom("batch", "running"),
    regularizer: fc.record({ variance: fc.constantFrom(0, 0.7), covariance: fc.constantFrom(0, 0.3) }),
    heads: someHeads,
    input: fc.constantFrom<Preset["input"][]>(
      { crops: [16], size: 8 },
      { channels: "color", crops: [16, 32], size: 8 },
    ),
  },
  { requiredKeys: ["objective", "target", "predictor"] },
) as fc.Arbitrary<Partial<Preset>>;

describe("R-JEPA of parts", () => {
  it("has the parameters of the design", () => {
    const count = (preset: Preset) => sizeOfTree(jepa({ preset, steps: 8 }).init(keyOf(1)));
    expect(count(presets.content)).toBe(49992);
    expect(count(presets.memory)).toBe(26256);
    expect(count({ ...presets.tiny, predictor: { kind: "linear" } })).toBe(225248);
    expect(count({ ...presets.tiny, predictor: { kind: "linear" }, objective: "top" })).toBe(101184);
  });

  it("learns forward in time what BPTT learns, of whatever parts", () => {
    fc.assert(
      fc.property(
        someParts,
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2, max: 5 }),
        fc.constantFrom({}, { window: 3 }, { compile: true }, { window: 3, compile: true }),
        fc.nat(),
        (parts, streams, steps, options, seed) => {
          const batch = parts.regularizer === undefined ? streams : streams + 1;
          const model = jepa({ preset: small(parts), steps });
          const samples = samplesOf(model, keyOf(seed), batch, steps);
          // sums of up to 5 steps in float64; what is compared is relative to the largest entry of a block
          expect(worst(model, samples, "rfp", options)).toBeLessThan(1e-10);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("learns forward in time what BPTT learns at the size of tiny, whole", () => {
    const model = jepa({ preset: presets.tiny, steps: 4 });
    for (const options of [{ window: 4 }, {}])
      expect(worst(model, samplesOf(model, keyOf(5), 2, 4), "rfp", options)).toBeLessThan(1e-10);
  });

  it("has the first versions: colors of one crop, gates of biases 2 and -2, and one running mean", () => {
    const count = (preset: Preset) => sizeOfTree(jepa({ preset, steps: 8 }).init(keyOf(1)));
    // those of the first versions, without the head that read the next saccade
    expect([count(presets["nano-v1"]), count(presets["tiny-v1"])]).toEqual([15912, 99456]);
    const model = jepa({ preset: presets["nano-v1"], steps: 3 });
    for (const { gcc, ghh, gch, ghc } of model.init(keyOf(1)).areas) {
      for (const v of [...entries(gcc), ...entries(ghh)]) expect(v).toBeCloseTo(2, 12);
      for (const v of [...entries(gch), ...entries(ghc)]) expect(v).toBeCloseTo(-2, 12);
    }
    const samples = samplesOf(model, keyOf(5), 1, 3);
    expect(samples[0].input.shape).toEqual([1, 3, 16, 16]);
    expect(worst(model, samples, "rfp", { window: 3 })).toBeLessThan(1e-10);
  });

  it("is exact at the price of own blocks where every area learns for itself", () => {
    const model = jepa({ preset: presets.content, steps: 3 });
    const samples = samplesOf(model, keyOf(5), 2, 3);
    expect(worst(model, samples, "rfp", { credit: "local" })).toBeLessThan(1e-10);
    const bytes = (preset: Preset) => {
      const m = jepa({ preset, steps: 3 });
      const [sample] = samplesOf(m, keyOf(5), 1, 1);
      return plan(m.model, { steps: 8, sample, params: m.init(keyOf(1)) }).bytes.rfpExact;
    };
    expect(bytes(presets.content)).toBeLessThan(3.5 * 2 ** 20);
    expect(bytes(presets.memory)).toBeGreaterThan(15 * 2 ** 20);
  });

  it("stops the gradient at what predictions are compared with, unless it is the control that collapses", () => {
    const steps = 3;
    const largest = (target: Preset["target"]): number => {
      const model = jepa({ preset: small({ target }), steps, decay: 0 });
      const { areas, readout } = model.init(keyOf(1));
      // a predictor that passes nothing on: whatever reaches areas and W_h comes through the target
      const silent = Object.fromEntries(
        Object.entries(readout).map(([name, t]) => [name, name.startsWith("WG") ? zeros(t.shape) : t]),
      );
      const learner = bptt(model.model, { areas, readout: silent });
      for (const sample of samplesOf(model, keyOf(2), 3, steps)) learner.step(sample);
      const gradient = learner.gradient();
      const heads = Object.entries(gradient.readout).filter(([name]) => name.startsWith("Wh"));
      const found = [...heads.map(([, t]) => t), ...gradient.areas.flatMap((area) => Object.values(area))];
      return Math.max(...found.map((t) => Math.max(...entries(abs(t)))));
    };
    expect(largest("fresh")).toBe(0);
    expect(largest("recurrent")).toBe(0);
    expect(largest({ kind: "ema", momentum: 0.9 })).toBe(0);
    expect(largest("gradient")).toBeGreaterThan(1e-3);
  });

  it("centers embeddings by the batch at hand, whose mean the gradient sees", () => {
    const [r, Wh] = [normal(keyOf(1), [5, 4]), normal(keyOf(2), [3, 4])];
    const by = { scale: ones([4]), mean: null };
    // means of 5 numbers of about 1 in float64
    for (const v of entries(mean(embed(r, Wh, by), 0))) expect(Math.abs(v)).toBeLessThan(1e-14);
    const pull = grad((x: Tensor) => sum(mul(embed(x, Wh, by), normal(keyOf(3), [5, 3]))))(r);
    for (const v of entries(sum(pull, 0))) expect(Math.abs(v)).toBeLessThan(1e-13);
  });
});

import fc from "fast-check";
import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { key as keyOf } from "../../../src/core/prng.js";
import { ruleNamed } from "../../../src/learn/named.js";
import { areasOf } from "../../../src/rjepa/parts/area.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import {
  type AreaPreset,
  type DrivePreset,
  type Preset,
  presetNamed,
  presets,
} from "../../../src/rjepa/parts/preset.js";
import { entries } from "../../../src/tensor/read.js";
import { samplesOf, worst } from "./_support.js";

/** A drive between a convolution and a dense area, 8 px wide at most. */
const around = (area: AreaPreset, objective: Preset["objective"]): Preset => ({
  ...presets.content,
  input: { crops: [16], size: 8 },
  areas: [
    { drive: "conv", units: 2, stride: 2, keep: 0.3 },
    area,
    { drive: { kind: "linear", pool: area.drive !== "linear" }, units: 3, keep: [0.2, 0.9] },
  ],
  embedding: 3,
  objective,
  target: "recurrent",
});

const spatial: readonly Exclude<DrivePreset, "linear">[] = [
  "conv",
  { kind: "conv", size: 5 },
  "stem",
  { kind: "residual" },
  { kind: "bottleneck", blocks: 1 },
];

/** A stem has one of its own. */
const strideOf = (drive: DrivePreset) => (drive === "stem" ? {} : { stride: 2 });

describe("areas of R-JEPA", () => {
  it("learn forward in time what BPTT learns, whatever drives them and with every kind of gate", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...spatial),
        fc.constantFrom("pointwise", "depthwise", "conv") as fc.Arbitrary<"pointwise" | "depthwise" | "conv">,
        fc.constantFrom("areas", "top") as fc.Arbitrary<Preset["objective"]>,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom({}, { window: 3 }, { compile: true }),
        fc.nat(),
        (drive, gates, objective, shared, pool, options, seed) => {
          const area = { drive, gates, shared, pool, units: 4, ...strideOf(drive), keep: 0.3 };
          const model = jepa({ preset: around(area, objective), steps: 4 });
          const samples = samplesOf(model, keyOf(seed), 2, 4);
          // sums of a few steps in float64; what is compared is relative to the largest entry of a block
          expect(worst(model, samples, "rfp", options)).toBeLessThan(1e-10);
        },
      ),
      // a stage takes a second: its own blocks are dense
      { numRuns: 12 },
    );
  });

  it.each(spatial.map((drive) => [JSON.stringify(drive), drive] as const))(
    "driven by %s learn exactly at every level",
    (_, drive) => {
      for (const objective of ["areas", "top"] as const) {
        const model = jepa({
          preset: around(
            { drive, units: 4, ...strideOf(drive), shared: true, pool: true, keep: 0.3 },
            objective,
          ),
          steps: 3,
        });
        expect(worst(model, samplesOf(model, keyOf(2), 2, 3), "rfp", {})).toBeLessThan(1e-10);
      }
    },
  );

  it("learn exactly as small does, at a reduced size", () => {
    const { small } = presets;
    // own blocks of stages are dense: 1.2 GB for one stream of small at 16 pixels, and many times that on the way; an eighth of its
    // channels is 500 times less
    const preset: Preset = {
      ...small,
      input: { ...small.input, size: 16 },
      areas: small.areas.map((area) => ({ ...area, units: area.units / 8 })),
    };
    const model = jepa({ preset, steps: 3 });
    const samples = samplesOf(model, keyOf(5), 2, 3);
    expect(worst(model, samples, "rfp", { credit: "local" })).toBeLessThan(1e-10);
    expect(worst(model, samples, "rfp", { compile: true })).toBeLessThan(1e-10);
  });

  it("decay by all matrices and kernels of what drives them, and by those alone", () => {
    const area: AreaPreset = {
      drive: { kind: "residual" },
      units: 4,
      stride: 2,
      keep: 0.3,
    };
    const preset = around(area, "areas");
    const [conv, stage, dense] = areasOf(preset).map(({ decayed }) => [...decayed].sort());
    expect(conv).toEqual(["Kc", "Kh"]);
    expect(stage).toEqual(["K1ac", "K1ah", "K1bc", "K1bh", "K1sc", "K1sh"]);
    expect(dense).toEqual(["Kc", "Kh"]);
    const shared = areasOf(around({ ...area, shared: true }, "areas"));
    expect(shared[1].decayed).toEqual(["K1a", "K1b", "K1s"]);
    // gates of kernels are no drives
    const gated = around({ ...area, gates: "conv" }, "areas");
    const [without, full] = [0, 1].map((decay) => {
      const model = jepa({ preset: gated, steps: 2, decay });
      const learner = ruleNamed("bptt").start(model.model, model.init(keyOf(1)));
      const [first, second] = samplesOf(model, keyOf(2), 2, 2);
      learner.step(first);
      return learner.step(second).loss as number;
    });
    const { areas, readout } = jepa({ preset: gated, steps: 2 }).init(keyOf(1));
    const decaying = [
      ...areas.flatMap((p) => Object.entries(p).flatMap(([name, t]) => (/^K/.test(name) ? [t] : []))),
      ...Object.entries(readout).flatMap(([name, t]) => (/^W/.test(name) ? [t] : [])),
    ];
    const squares = decaying.flatMap((t) => Array.from(entries(t), (v) => v * v));
    expect(full - without).toBeCloseTo(
      squares.reduce((sum, v) => sum + v, 0),
      9,
    );
  });

  it("start by the recipe where one kernel drives them, and as He et al. have it in stages", () => {
    const areas: readonly AreaPreset[] = [
      { drive: "conv", units: 40, keep: 0.12 },
      { drive: { kind: "residual" }, units: 40, keep: 0.12, shared: true },
    ];
    const { areas: params } = jepa({ preset: { ...presets.content, areas }, steps: 2 }).init(keyOf(1));
    const gain = (name: string, area: number) => {
      const { [name]: K } = params[area];
      const values = Array.from(entries(K));
      const spread = Math.sqrt(values.reduce((s, v) => s + v * v, 0) / values.length);
      return spread * Math.sqrt(K.size / K.shape[0]);
    };
    expect(gain("Kh", 0)).toBeCloseTo(1.2, 1);
    expect(gain("K1a", 1)).toBeCloseTo(Math.SQRT2, 1);
    expect(entries(params[1].scale1a).every((v) => v === 1)).toBe(true);
    expect(entries(params[1].bh).every((v) => v === 0)).toBe(true);
  });

  it("are read as a whole, or by the means of channels", () => {
    const area = { drive: "conv", units: 4, stride: 2, keep: 0.3 } as const;
    const outputs = (pool: boolean) =>
      jepa({ preset: around({ ...area, pool }, "areas"), steps: 2 }).predicting[1].outputs;
    expect([outputs(false), outputs(true)]).toEqual([16, 4]);
    for (const name of ["small", "resnet50"]) {
      const model = jepa({ preset: presetNamed(name), steps: 2 });
      expect(model.predicting.map((p) => p.outputs)).toEqual(presetNamed(name).areas.map((a) => a.units));
    }
  });
});

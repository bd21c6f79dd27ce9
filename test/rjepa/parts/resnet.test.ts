import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { PlanError } from "../../../src/core/errors.js";
import { key as keyOf } from "../../../src/core/prng.js";
import { sizeOf } from "../../../src/core/shape.js";
import { leavesOf } from "../../../src/core/tree.js";
import { ruleNamed } from "../../../src/learn/named.js";
import { plan } from "../../../src/learn/plan/plan.js";
import { areasOf } from "../../../src/rjepa/parts/area.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import { presets } from "../../../src/rjepa/parts/preset.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { samplesOf } from "./_support.js";

const { resnet50 } = presets;
const areas = jepa({ preset: resnet50, steps: 2 });
const top = jepa({ preset: { ...resnet50, objective: "top" }, steps: 2 });

// drawn once: that takes seconds
const drawn = areas.init(keyOf(1), { dtype: "float32" });
/** Parameters of a model, of those that were drawn. */
const paramsOf = (model: typeof areas): typeof drawn => ({
  areas: drawn.areas,
  readout: Object.fromEntries(
    model.predicting.flatMap(({ area, predictor }) =>
      ["Wh", ...Object.keys(predictor.shapes)].map((n) => [
        `${n}${area + 1}`,
        drawn.readout[`${n}${area + 1}`],
      ]),
    ),
  ),
});

/** What a rule says that is refused, and by how much arrays have grown by then. */
function refused(model: typeof areas, credit: "exact" | "local"): { error: unknown; grown: number } {
  const params = paramsOf(model);
  const [sample] = samplesOf(model, keyOf(2), 1, 1, "float32");
  const before = process.memoryUsage().arrayBuffers;
  try {
    ruleNamed("rfp").start(model.model, params, { credit }).step(sample);
    return { error: null, grown: 0 };
  } catch (error) {
    return { error, grown: process.memoryUsage().arrayBuffers - before };
  }
}

describe("resnet50", () => {
  it("has the trunk of ResNet-50 below its head, at every size of a picture", () => {
    const trunkOf = (size: number) =>
      areasOf({ ...resnet50, input: { ...resnet50.input, size } })
        .slice(0, 5)
        .map(({ drive }) => drive);
    const trunk = trunkOf(64);
    const count = trunk.flatMap((d) => Object.values(d.shapes)).reduce((n, s) => n + sizeOf(s), 0);
    // that of three channels, and 64 kernels of 7x7 for each further one
    expect(count).toBe(23508032 + 12 * 64 * 49);
    expect(trunk.map((d) => d.outputShape)).toEqual([
      [64, 16, 16],
      [256, 16, 16],
      [512, 8, 8],
      [1024, 4, 4],
      [2048, 2, 2],
    ]);
    const large = trunkOf(224);
    expect(large[4].outputShape).toEqual([2048, 7, 7]);
    expect(large.map((d) => d.shapes)).toEqual(trunk.map((d) => d.shapes));
  });

  it("learns by BPTT over two steps at 64 px, in every block of every area", () => {
    const learner = ruleNamed("bptt").start(areas.model, drawn);
    let loss = 0;
    for (const sample of samplesOf(areas, keyOf(2), 2, 2, "float32"))
      loss += learner.step(sample).loss as number;
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThan(100);
    expect(learner.memory().bytes).toBeLessThan(600 * 2 ** 20);
    for (const { path, value } of leavesOf<Tensor>(learner.gradient(), isTensor)) {
      const numbers = entries(value) as Float32Array;
      expect(numbers.every(Number.isFinite), path).toBe(true);
      // what multiplies the state before the first step multiplies zero
      if (/\.(K|scale|bh)|Wh/.test(path))
        expect(
          numbers.some((v) => v !== 0),
          path,
        ).toBe(true);
    }
  });

  it.each([
    ["the top area", top, "exact", 3.2e12],
    ["every area for itself", areas, "local", 2.3e12],
  ] as const)(
    "is refused by rfp, in bytes and before they are allocated, where %s learns",
    (_, model, credit, least) => {
      const { error, grown } = refused(model, credit);
      expect(error).toBeInstanceOf(PlanError);
      expect((error as PlanError).message).toMatch(
        /^rfp: the influence needs [\d.]+ TiB \(\d{13} bytes\), and .* \(\d+ bytes\) are available$/,
      );
      const { needed } = error as PlanError;
      expect(needed).toBeGreaterThan(least);
      expect(grown).toBeLessThan(least / 1e4);
    },
  );

  it("has a plan, which says that BPTT is smaller below thousands of steps", () => {
    const [sample] = samplesOf(areas, keyOf(2), 1, 1, "float32");
    const { bytes, rows, bpttSmallerBelow } = plan(areas.model, { steps: 8, sample, params: drawn });
    expect(bytes.rfpLocal).toBe(bytes.rfpExact);
    expect(bytes.bptt).toBeLessThan(2 ** 31);
    expect(bpttSmallerBelow).toBeGreaterThan(1000);
    const kernel = rows.find(({ parameter }) => parameter === "areas.3.K1a");
    expect(kernel?.tied).toEqual([]);
    expect(kernel?.broken.length).toBeGreaterThan(0);
  });
});

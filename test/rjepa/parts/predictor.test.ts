import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { bptt } from "../../../src/learn/index.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { zeros } from "../../../src/ops/create.js";
import { mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import { jepa } from "../../../src/rjepa/parts/compose.js";
import type { PredictorPreset } from "../../../src/rjepa/parts/part-presets.js";
import { featuresOf, linearPredictor, mlpPredictor } from "../../../src/rjepa/parts/predictor.js";
import { entries } from "../../../src/tensor/read.js";
import type { Tensor } from "../../../src/tensor/tensor.js";
import { samplesOf } from "./_support.js";
import { small } from "./small.js";

const [batch, d, c, hidden] = [3, 2, 5, 4];
const h = normal(keyOf(1), [batch, d]);
const told = { saccade: mul(normal(keyOf(2), [batch, 2]), 0.2), context: normal(keyOf(3), [batch, c]) };
/** Small, so that the series below keeps its digits. */
const drawn = (shapes: Readonly<Record<string, readonly number[]>>): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [
      name,
      mul(normal(foldIn(keyOf(4), name), [...shape]), 0.3),
    ]),
  );

/** Rows and matrices in plain numbers. */
const row = (x: Tensor, b: number): number[] =>
  Array.from(entries(x)).slice(b * x.shape[1], (b + 1) * x.shape[1]);
const times = (W: Tensor, x: readonly number[]): number[] =>
  Array.from({ length: W.shape[0] }, (_, i) => row(W, i).reduce((s, w, j) => s + w * x[j], 0));
const plus = (...terms: readonly (readonly number[])[]): number[] =>
  terms[0].map((_, i) => terms.reduce((s, t) => s + t[i], 0));
/** x Φ(x), with Φ as the sum of its series. */
function gelu(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 200; n++) {
    term *= (-x * x) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return x * (0.5 + sum / Math.sqrt(2 * Math.PI));
}

describe("a predictor", () => {
  it("is bilinear in the embedding and the saccade, and linear in the context, in plain numbers", () => {
    const predictor = linearPredictor(d, { saccade: true, context: c });
    const p = drawn(predictor.shapes);
    const found = predictor.apply(p, h, told);
    for (let b = 0; b < batch; b++) {
      const [own, f] = [row(h, b), row(featuresOf(told.saccade), b)];
      const bent = f.flatMap((v) => own.map((x) => v * x));
      const expected = plus(
        times(p.WG, own),
        Array.from(entries(p.bG)),
        times(p.Wb, bent),
        times(p.Wa, f),
        times(p.Wc, row(told.context, b)),
      );
      row(found, b).forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i], 12);
      });
    }
  });

  it("is one hidden layer over all that it is told, in plain numbers", () => {
    const predictor = mlpPredictor(d, hidden, { saccade: true, context: c });
    const p = drawn(predictor.shapes);
    const found = predictor.apply(p, h, told);
    for (let b = 0; b < batch; b++) {
      const z = [...row(h, b), ...row(featuresOf(told.saccade), b), ...row(told.context, b)];
      const middle = plus(times(p.WM, z), Array.from(entries(p.bM))).map(gelu);
      const expected = plus(times(p.WG, middle), Array.from(entries(p.bG)));
      row(found, b).forEach((v, i) => {
        expect(v).toBeCloseTo(expected[i], 11);
      });
    }
  });

  it("starts at half of the embedding where it is linear, whatever it is told", () => {
    const predictor = linearPredictor(d, { saccade: true, context: c });
    const half = predictor.apply(predictor.init(keyOf(1), "float64"), h, told);
    expect(entries(half)).toEqual(entries(mul(h, 0.5)));
  });

  it.each([
    [{ kind: "linear" }, [], []],
    [{ kind: "linear", saccade: true }, [], ["Wa", "Wb"]],
    [{ kind: "linear", context: true }, [], ["Wc"]],
    [{ kind: "mlp", hidden: 4, saccade: true, context: true }, ["WM", "bM"], []],
  ] as const)("of a preset tells the top area alone: %o", (predictor, everywhere, atTop) => {
    const { predicting } = jepa({ preset: small({ predictor }), steps: 2 });
    predicting.forEach(({ predictor: { shapes, decayed } }, i) => {
      const expected = ["WG", "bG", ...everywhere, ...(i === 2 ? atTop : [])].sort();
      expect(Object.keys(shapes).sort()).toEqual(expected);
      expect([...decayed].sort()).toEqual(expected.filter((name) => name.startsWith("W")));
    });
    const inputs = (i: number): number => predicting[i].predictor.shapes.WM?.[1];
    // states h and c of both dense areas, of 5 and 4 units, and four features of the saccade
    if (predictor.kind === "mlp") expect([inputs(0), inputs(1), inputs(2)]).toEqual([3, 3, 3 + 4 + 18]);
  });

  describe("that is told the context", () => {
    /** The largest derivative of each area's matrix, where W_c alone passes errors on. */
    function reached(objective: "top" | "areas", predictor: PredictorPreset): number[] {
      const steps = 3;
      const model = jepa({ preset: small({ objective, predictor, target: "recurrent" }), steps, decay: 0 });
      const { areas, readout } = model.init(keyOf(1));
      const alone = Object.fromEntries(
        Object.entries(readout).map(([name, t]) => {
          if (name.startsWith("Wc")) return [name, normal(keyOf(2), t.shape)];
          return [name, name.startsWith("WG") ? zeros(t.shape) : t];
        }),
      );
      const learner = bptt(model.model, { areas, readout: alone } as ModelParams);
      for (const sample of samplesOf(model, keyOf(3), 3, steps)) learner.step(sample);
      return learner.gradient().areas.map(({ Kh }) => Math.max(...entries(Kh).map(Math.abs)));
    }
    const told = { kind: "linear", context: true } as const;

    it("teaches all areas below where the top one does", () => {
      for (const largest of reached("top", told)) expect(largest).toBeGreaterThan(1e-6);
    });

    it("teaches its own area alone where each learns for itself", () => {
      const [first, second, top] = reached("areas", told);
      expect([first, second]).toEqual([0, 0]);
      expect(top).toBeGreaterThan(1e-6);
      expect(reached("areas", { kind: "linear" })).toEqual([0, 0, 0]);
    });
  });
});

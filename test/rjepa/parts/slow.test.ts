import "../../../src/index.js";
import { describe, expect, it } from "vitest";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { leavesOf } from "../../../src/core/tree.js";
import type { ModelParams } from "../../../src/learn/model/model.js";
import { type Batch, jepa } from "../../../src/rjepa/parts/compose.js";
import { encoderOf, followed, momentumAt } from "../../../src/rjepa/parts/slow.js";
import { statisticsOf, Trainer } from "../../../src/rjepa/parts/train.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { lossesOf, samplesOf } from "./_support.js";
import { noise, small } from "./small.js";

const [momentum, updates, steps] = [0.6, 5, 3];
const preset = small({ target: { kind: "ema", momentum } });
const model = jepa({ preset, steps });
const batchAt = (u: number): Batch => noise(preset, foldIn(keyOf(5), u), 3, steps);
const numbersOf = (tree: ModelParams): Map<string, Float64Array> =>
  new Map(
    leavesOf<Tensor>(tree, isTensor).map(({ path, value }) => [path, Float64Array.from(entries(value))]),
  );

describe("targets of slow parameters", () => {
  it("follow with a momentum that goes to 1 along a half cosine", () => {
    expect(momentumAt(0.9, 0, 100)).toBeCloseTo(0.9, 15);
    expect(momentumAt(0.9, 50, 100)).toBeCloseTo(0.95, 15);
    expect(momentumAt(0.9, 25, 100)).toBeCloseTo(1 - (0.1 * (1 + Math.SQRT1_2)) / 2, 15);
    expect(momentumAt(0.9, 100, 100)).toBe(1);
  });

  it("are the mixture of all parameters that were, as plain numbers have it", () => {
    const params = model.init(keyOf(1));
    const trainer = new Trainer(model, params, statisticsOf(model, params, [batchAt(90)]), { updates });
    const expected = numbersOf(encoderOf(params, model.predicting));
    for (let u = 0; u < updates; u++) {
      trainer.update(batchAt(u));
      const m = 1 - ((1 - momentum) * (1 + Math.cos((Math.PI * u) / updates))) / 2;
      for (const [path, fast] of numbersOf(encoderOf(trainer.params, model.predicting))) {
        const own = expected.get(path) as Float64Array;
        fast.forEach((v, i) => {
          own[i] = m * own[i] + (1 - m) * v;
        });
      }
    }
    const { slow } = trainer.reader([batchAt(90)]);
    const found = numbersOf(slow as ModelParams);
    expect([...found.keys()]).toEqual([...expected.keys()]);
    // some products and sums in float64, in one order or another
    for (const [path, numbers] of found)
      numbers.forEach((v, i) => {
        expect(v).toBeCloseTo((expected.get(path) as Float64Array)[i], 14);
      });
    // and they are not those that learn
    expect(found.get("areas.0.Kh")).not.toEqual(numbersOf(trainer.params).get("areas.0.Kh"));
  });

  it("keep every bit with a momentum of 1, and take every bit with one of 0", () => {
    const [slow, fast] = [1, 2].map((seed) => encoderOf(model.init(keyOf(seed)), model.predicting));
    expect(numbersOf(followed(slow, fast, 1))).toEqual(numbersOf(slow));
    expect(numbersOf(followed(slow, fast, 0))).toEqual(numbersOf(fast));
  });

  it("are what predictions are compared with, in place of the parameters that learn", () => {
    const samples = samplesOf(model, keyOf(2), 3, steps);
    const params = model.init(keyOf(3));
    const slow = encoderOf(params, model.predicting);
    const own = lossesOf(
      model,
      samples.map((s) => ({ ...s, slow })),
      params,
    );
    // those that learn themselves: the target is the embedding of the patch alone
    const fresh = jepa({ preset: { ...preset, target: "fresh" }, steps });
    own.forEach((loss, t) => {
      expect(loss).toBeCloseTo(lossesOf(fresh, samples, params)[t], 13);
    });
    expect(Math.abs(lossesOf(model, samples, params)[1] - own[1])).toBeGreaterThan(1e-3);
  });

  it("are standardized by what they gave themselves", () => {
    const params = model.init(keyOf(1));
    const trainer = new Trainer(model, params, statisticsOf(model, params, [batchAt(90)]), {
      updates,
      momentum: 1,
    });
    trainer.update(batchAt(0));
    const [own, { slow }] = [trainer.params, trainer.reader([batchAt(0)])];
    trainer.update(batchAt(1));
    /** Running moments of patches alone, one number after the other. */
    const momentsOf = (statistics: unknown): number[] =>
      (statistics as { fresh: unknown }[]).flatMap(({ fresh }) =>
        leavesOf<Tensor>(fresh, isTensor).flatMap(({ value }) => Array.from(entries(value))),
      );
    const { knows } = trainer.save() as unknown as { knows: { statistics: unknown } };
    const found = momentsOf(knows.statistics);
    const expected = (alone: ModelParams): number[] =>
      momentsOf(statisticsOf(model, own, [batchAt(1)], alone).save());
    const [bySlow, byOwn] = [expected(slow as ModelParams), expected(own)];
    // outputs of float64, computed in one order or another
    found.forEach((v, i) => {
      expect(v).toBeCloseTo(bySlow[i], 12);
    });
    expect(Math.max(...found.map((v, i) => Math.abs(v - byOwn[i])))).toBeGreaterThan(1e-6);
  });

  it("are asked for by name where a sample has none", () => {
    const samples = samplesOf(model, keyOf(2), 3, steps).map(({ slow: _, ...rest }) => rest);
    expect(() => lossesOf(model, samples)).toThrow(
      "jepa: expected a sample with the slow parameters of an ema target, got none",
    );
  });
});

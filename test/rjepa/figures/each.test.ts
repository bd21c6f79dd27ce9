import { describe, expect, it } from "vitest";
import { foldIn, key, normal } from "../../../src/core/prng.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import { judge } from "../../../src/rjepa/figures/judging/judge.js";
import { probed } from "../../../src/rjepa/figures/judging/probe.js";
import { type Representation, readerOf } from "../../../src/rjepa/figures/representation.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { changed, codeSize, contentOf, world } from "../../support/seen-images.js";

const algebra = await linearAlgebra();
const steps = 6;
const of = { images: 40, viewers: 6, steps };
const options = { test: world({ ...of, seed: 1 }), fit: world({ ...of, seed: 2 }), algebra, key: key(3) };
const content = leaky(contentOf, 0.5);

/** The same embeddings, each unit in other units. */
const scaled = (r: Representation, by: (unit: number) => number): Representation => {
  const turn = (x: Float64Array): Float64Array => x.map((v, at) => by(at % r.size) * v);
  return changed(r, ({ h, fresh, others }) => ({
    h: turn(h),
    fresh: turn(fresh),
    context: turn(h),
    others: others.map((o) => ({ h: turn(o.h), fresh: turn(o.fresh) })),
  }));
};

describe("of the figures", () => {
  it("each is the same of what is made of patches alone and of what reads crops", () => {
    const few = { ...options, labeled: undefined };
    const [alone, read] = [content, changed(content, (r) => r)].map((r) => judge(r, few));
    expect(alone).toEqual(read);
    expect(Object.values(alone).filter((f) => f !== null).length).toBeGreaterThan(10);
  });

  it("acc counts no tie: strangers that are the real patch are never worse", () => {
    const same: Representation = {
      ...content,
      patchwise: undefined,
      read: (crops, n, t, others = []) => {
        const { h, fresh, context } = readerOf(content)(crops, n, t);
        const last = (x: Float64Array) => x.filter((_, at) => Math.floor(at / codeSize) % t === t - 1);
        return { h, fresh, context, others: others.map(() => ({ h: last(h), fresh: last(fresh) })) };
      },
    };
    const { acc, matchedAcc, matchedSwap } = judge(same, {
      ...options,
      only: ["acc", "matchedAcc", "matchedSwap"],
    });
    expect([acc!.value, matchedAcc!.value, matchedSwap!.value]).toEqual([0, 0, 1]);
  });

  it("the target decides what is predicted and compared", () => {
    const only = ["variance", "refit", "matchedAcc"];
    const recurrent = judge(content, { ...options, only });
    const fresh = judge({ ...content, target: "fresh" }, { ...options, only });
    expect(fresh.variance!.value).toBeGreaterThan(1.5 * recurrent.variance!.value);
    // a leak makes its own target predictable, but not what tells patches apart
    expect(fresh.refit!.value).toBeGreaterThan(recurrent.refit!.interval![1]);
    expect(fresh.matchedAcc!.value).toBeCloseTo(recurrent.matchedAcc!.value, 1);
  });

  it("color share counts colors of older patches where h keeps them", () => {
    const dark = { ...of, light: 0 };
    const { colorShare } = judge(leaky(meanColors(1, 4, 1), 0.5), {
      ...options,
      test: world({ ...dark, seed: 4 }),
      fit: world({ ...dark, seed: 5 }),
      only: ["colorShare"],
    });
    // of weights 1/2, 1/4, …, the squares from the fourth on are 1/64 of all
    expect(colorShare!.value).toBeGreaterThan(0.96);
    expect(colorShare!.value).toBeLessThan(0.998);
  });

  it("ranks, identification and accuracy know what is relative", () => {
    const only = ["lidar", "identificationH", "identificationC", "ratio", "refit", "matchedSwap"];
    const plain = judge(
      scaled(content, () => 1),
      { ...options, only },
    );
    // one unit in other units; the floor of whitening is a share of the mean variance
    const lidar = judge(
      scaled(content, (u) => (u === 0 ? 4 : 1)),
      { ...options, only: ["lidar"] },
    );
    expect(lidar.lidar!.value).toBeCloseTo(plain.lidar!.value, 1);
    const small = judge(
      scaled(content, () => 1e-6),
      { ...options, only },
    );
    for (const name of ["lidar", "identificationH", "refit", "matchedSwap"] as const)
      expect(small[name]!.value, name).toBeCloseTo(plain[name]!.value, 6);
    expect(plain.identificationC).toEqual(plain.identificationH);
    expect(plain.refit!.series!.map(({ at }) => at)).toEqual([2, 3, 4, 5, 6]);
  });

  it("action tells what the eye does from what the context says of it", () => {
    // a saccade turns half of the last one back
    const turning = (seed: number) => {
      const seen = world({ ...of, seed });
      const noise = normal(foldIn(key(seed), "saccades"), seen.count * steps * 2);
      const positions = new Float64Array(noise.length);
      for (let i = 0; i < seen.count; i++)
        for (let k = 0; k < 2; k++) {
          let move = 0;
          positions[2 * i * steps + k] = 400;
          for (let t = 1; t < steps; t++) {
            const at = 2 * (i * steps + t) + k;
            move = -0.5 * move + 50 * noise[at];
            positions[at] = positions[at - 2] + move;
          }
        }
      return { ...seen, positions };
    };
    const { action } = judge(content, { ...options, test: turning(6), fit: turning(7), only: ["action"] });
    const r2 = Object.fromEntries(action!.series!.map(({ at, value }) => [at, value]));
    expect(action!.value).toBe(r2.context);
    expect(Math.abs(r2.context)).toBeLessThan(0.03);
    // a quarter of the variance, but for the first saccade, which follows none
    expect(r2["last saccade"]).toBeGreaterThan(0.15);
    expect(r2["last saccade"]).toBeLessThan(0.3);
    expect(r2["position and last saccade"]).toBeGreaterThan(r2.position);
    expect(r2["context, position and last saccade"]).toBeGreaterThan(0.15);
  });

  it("probes choose their penalty on images held out", () => {
    const [rows, d] = [200, 180];
    const drawn = (seed: number) => {
      const fit = normal(key(seed), rows * d);
      const noise = normal(key(seed + 1000), rows);
      const labels = Int32Array.from({ length: rows }, (_, i) =>
        fit[i * d] + fit[i * d + 1] + noise[i] > 0 ? 1 : 0,
      );
      return { fit, labels };
    };
    const image = Int32Array.from({ length: rows }, (_, i) => i);
    let right = 0;
    for (let seed = 20; seed < 30; seed++) {
      const [a, b] = [drawn(2 * seed), drawn(2 * seed + 1)];
      const given = { fit: a.fit, fitLabels: a.labels, fitImage: image, test: b.fit, testLabels: b.labels };
      right += probed({ ...given, classes: 2 }, d, key(seed)).reduce((x, y) => x + y, 0) / rows / 10;
    }
    // the least penalty, of nearly as many inputs as rows, gets about 0.56
    expect(right).toBeGreaterThan(0.6);
  });
});

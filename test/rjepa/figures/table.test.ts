import { describe, expect, it } from "vitest";
import { key, normal } from "../../../src/core/prng.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import { held } from "../../../src/rjepa/figures/judging/held.js";
import { judgeAll } from "../../../src/rjepa/figures/judging/table.js";
import type { Representation } from "../../../src/rjepa/figures/representation.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { changed, contentOf, world } from "../../support/seen-images.js";

const algebra = await linearAlgebra();
const of = { images: 40, viewers: 6, steps: 6 };
const options = { test: world({ ...of, seed: 1 }), fit: world({ ...of, seed: 2 }), algebra, key: key(3) };

/** Content with noise of its own, so that it is nearly as good. */
function noisy(size: number, seed: number): Representation {
  const plain = leaky(contentOf, 0.5);
  const noise = normal(key(seed), 1e5);
  const add = (x: Float64Array) => x.map((v, at) => v + size * noise[at % noise.length]);
  return changed(plain, (r) => ({ ...r, h: add(r.h), fresh: add(r.fresh) }), `noisy ${size}`);
}

describe("crops", () => {
  const counted = () => {
    const seen = world({ ...of, seed: 1 });
    let cut = 0;
    const crops: typeof seen.crops = (which, from, to) => {
      cut += which.length * (to - from);
      return seen.crops(which, from, to);
    };
    return { test: { ...seen, crops }, cut: () => cut };
  };

  it("are cut once for all rows and figures", () => {
    const { test, cut } = counted();
    const some = { ...options, test, only: ["matchedAcc", "wrongPast", "memoryCurve"] };
    judgeAll([leaky(contentOf, 0.5)], [leaky(contentOf, 0)], some);
    expect(cut()).toBe(test.count * test.steps);
  });

  it("are the same kept or not, and cut anew where they are too many to keep", () => {
    const { test, cut } = counted();
    const [kept, which] = [held(test), [5, 0, 5]];
    expect(kept.crops(which, 1, 4)).toEqual(test.crops(which, 1, 4));
    expect(kept.crops([0], 0, 1)).toEqual(test.crops([0], 0, 1));
    expect(cut()).toBe(2 * test.steps + 3 * 3 + 1);
    expect(held(test, 4 * test.count * test.steps * 48 - 1)).toBe(test);
  });
});

describe("margins", () => {
  const only = ["matchedAcc", "identificationH", "refit", "rankMe", "ratio"];
  const models = [leaky(contentOf, 0.5), noisy(0.05, 1)];
  const baselines = [leaky(meanColors(1, 4, 1), 0.5), leaky(contentOf, 0)];
  const table = judgeAll(models, baselines, { ...options, only });

  it("are over every other row, in the figure's own direction", () => {
    const margin = table.margins["content, leak 0.5"];
    expect(Object.keys(margin.refit!)).toEqual(["noisy 0.05", "mean color, leak 0.5", "content, leak 0"]);
    const { rows } = table;
    for (const [figure, others] of Object.entries(margin) as ["refit", (typeof margin)["refit"]][])
      for (const [other, found] of Object.entries(others!)) {
        if (found === null) continue;
        const own = rows["content, leak 0.5"][figure]!.value;
        expect(found.value, figure).toBeCloseTo(own - rows[other][figure]!.value, 10);
        expect(found.interval![0]).toBeLessThanOrEqual(found.value);
        expect(found.interval![1]).toBeGreaterThanOrEqual(found.value);
      }
    expect(margin.matchedAcc!["mean color, leak 0.5"]!.interval![0]).toBeGreaterThan(0.1);
  });

  it("tell rows apart whose intervals overlap", () => {
    const [a, b] = [table.rows["content, leak 0.5"].refit!, table.rows["noisy 0.05"].refit!];
    expect(a.interval![1]).toBeGreaterThan(b.interval![0]);
    expect(table.margins["content, leak 0.5"].refit!["noisy 0.05"]!.interval![1]).toBeLessThan(0);
  });

  it("are null where resampling says nothing, or one has no such figure", () => {
    expect(table.margins["content, leak 0.5"].rankMe!["content, leak 0"]).toBeNull();
    expect(table.margins["content, leak 0.5"].ratio!["content, leak 0"]).toBeNull();
  });

  it("are over the best baseline of each figure and the rows that are asked for", () => {
    const { margins, best } = judgeAll(models, baselines, { ...options, only, against: ["noisy 0.05"] });
    for (const figure of ["matchedAcc", "identificationH"] as const)
      expect(Object.keys(margins["content, leak 0.5"][figure]!)).toEqual(["noisy 0.05", best[figure]!.name]);
    expect(Object.keys(margins["noisy 0.05"].matchedAcc!)).toEqual([best.matchedAcc!.name]);
    expect(() => judgeAll(models, [], { ...options, only, against: ["untrained"] })).toThrow(
      "judge: expected rows to hold others against, got untrained, which is none",
    );
  });

  it("hold one's own prediction against a copy on the same images", () => {
    const read = leaky(contentOf, 0.5);
    const { rows } = judgeAll([{ ...read, predict: (h) => h.map((v) => 0.9 * v) }], [], {
      ...options,
      only: ["ratio", "copy", "overCopy"],
    });
    const { ratio, copy, overCopy } = rows["content, leak 0.5"];
    expect(overCopy!.value).toBeCloseTo(copy!.value - ratio!.value, 10);
    expect(overCopy!.interval![0]).toBeGreaterThan(0);
    expect(overCopy!.series!.map(({ at }) => at)).toEqual([2, 3, 4, 5, 6]);
  });

  it("leave out figures that a row is not for", () => {
    const { rows, sizes, images } = judgeAll([{ ...models[0], only: ["refit"] }], [], { ...options, only });
    expect(rows["content, leak 0.5"].matchedAcc).toBeNull();
    expect(rows["content, leak 0.5"].refit).not.toBeNull();
    expect([sizes["content, leak 0.5"], images]).toEqual([6, 40]);
  });
});

import { describe, expect, it } from "vitest";
import { key, permutation } from "../../../src/core/prng.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import { judge } from "../../../src/rjepa/figures/judging/judge.js";
import { judgeAll } from "../../../src/rjepa/figures/judging/table.js";
import { figures } from "../../../src/rjepa/figures/registry.js";
import { type Representation, readerOf } from "../../../src/rjepa/figures/representation.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { changed, codeSize, constant, contentOf, reordered, world } from "../../support/seen-images.js";

const algebra = await linearAlgebra();
const steps = 6;
const test = world({ images: 40, viewers: 8, steps, seed: 1 });
const fit = world({ images: 60, viewers: 8, steps, seed: 2 });
const options = { test, fit, algebra, key: key(3) };
const color = meanColors(1, 4, 1);
const chance = 1 / 40;

describe("figures", () => {
  it("tell content from mean color, which passes where strangers are random", () => {
    const only = ["acc", "matchedAcc", "matchedSwap", "identificationH", "colorShare", "rankMe", "lidar"];
    const { rows, best } = judgeAll(
      [leaky(contentOf, 0.5), leaky(contentOf, 0)],
      [leaky(color, 0), leaky(color, 0.5)],
      { ...options, only },
    );
    const content = rows["content, leak 0.5"];
    expect(content.matchedAcc!.interval![0]).toBeGreaterThan(0.6);
    expect(content.matchedSwap!.interval![0]).toBeGreaterThan(1.1);
    expect(content.identificationH!.interval![0]).toBeGreaterThan(10 * chance);
    // two or three patches tell more than one
    expect(content.identificationH!.value).toBeGreaterThan(
      rows["content, leak 0"].identificationH!.interval![1],
    );
    expect(content.colorShare!.value).toBeLessThan(0.05);
    expect(content.rankMe!.value).toBeGreaterThan(codeSize - 1);
    expect(content.lidar!.value).toBeGreaterThan(codeSize - 2);

    const colors = rows["mean color, leak 0"];
    expect(colors.acc!.interval![0]).toBeGreaterThan(0.75);
    expect(colors.matchedAcc!.interval![0]).toBeLessThan(0.53);
    expect(colors.matchedAcc!.value).toBeLessThan(0.56);
    expect(colors.identificationH!.interval![0]).toBeLessThan(2 * chance);
    expect(colors.identificationH!.value).toBeLessThan(3 * chance);
    expect(colors.colorShare!.value).toBeGreaterThan(0.99);
    expect(rows["mean color, leak 0.5"].colorShare!.value).toBeGreaterThan(0.9);
    // all three colors are one luminance
    expect(colors.rankMe!.value).toBeCloseTo(1, 2);
    expect(best.colorShare!.value.value).toBe(
      Math.min(...["mean color, leak 0", "mean color, leak 0.5"].map((n) => rows[n].colorShare!.value)),
    );
    expect(["mean color, leak 0", "mean color, leak 0.5"]).toContain(best.acc!.name);
  });

  it.each([0, 1e-9])(
    "fail a representation that is constant but for rounding of %s, all of them",
    (rounding) => {
      const labels = Int32Array.from({ length: 100 }, (_, i) => i % 2);
      const labeled = world({ images: 100, viewers: 1, steps: 1, seed: 5 });
      const judged = judgeAll([constant(5, rounding)], [], {
        ...options,
        labeled: { fit: labeled, fitLabels: labels, test: labeled, testLabels: labels },
      });
      const row = judged.rows[`constant ${rounding}`];
      for (const [name, { better }] of Object.entries(figures)) {
        const value = row[name as keyof typeof figures]!.value;
        const by = judged.chance[name as keyof typeof figures] ?? 0;
        expect(Number.isNaN(value), name).toBe(false);
        if (better === "higher") expect(value, name).toBeLessThanOrEqual(by);
        if (better === "lower") expect(value, name).toBe(Infinity);
      }
      expect(row.ratio!.note).toContain("the same for every sequence");
      expect(row.variance!.value).toBe(0);
      expect(row.wrongPast!.value).toBe(0);
      expect(row.rankMe!.value).toBe(0);
    },
  );

  it("show that memory helps where the data hold it, and that a wrong past does not", () => {
    const only = ["memoryCurve", "wrongPast"];
    const { rows } = judgeAll([leaky(contentOf, 0.6), leaky(contentOf, 0)], [], { ...options, only });
    const { memoryCurve, wrongPast } = rows["content, leak 0.6"];
    expect(memoryCurve!.interval![0]).toBeGreaterThan(0.02);
    expect(memoryCurve!.series!.length).toBe(steps - 1);
    const values = memoryCurve!.series!.map(({ value }) => value);
    expect(memoryCurve!.value).toBeCloseTo(values[0] - values[steps - 2], 10);
    // two of the last fixations are more than one, and the wrong ones are less than none
    expect(values[0]).toBeGreaterThan(values[1]);
    expect(wrongPast!.value).toBeGreaterThan(memoryCurve!.value);
    expect(wrongPast!.series![steps - 2].value).toBeCloseTo(values[steps - 2], 10);
    // who keeps nothing cannot tell
    expect(rows["content, leak 0"].memoryCurve!.value).toBeCloseTo(0, 10);
    expect(rows["content, leak 0"].wrongPast!.value).toBeCloseTo(0, 10);
  });

  it("see no memory where images have nothing of their own", () => {
    const of = { images: 40, viewers: 8, steps, shared: 0 };
    const { memoryCurve, matchedAcc, identificationH } = judge(leaky(contentOf, 0.6), {
      ...options,
      test: world({ ...of, seed: 6 }),
      fit: world({ ...of, seed: 7 }),
      only: ["memoryCurve", "matchedAcc", "identificationH"],
    });
    expect(memoryCurve!.interval![0]).toBeLessThan(0);
    expect(identificationH!.interval![0]).toBeLessThan(1.5 * chance);
    // a leaky target is predicted by its past, and every stranger comes after the same past
    expect(matchedAcc!.interval![0]).toBeLessThan(0.52);
  });

  it("score one's own prediction: the mean 1, a copy as copy", () => {
    const read = leaky(contentOf, 0.5);
    const of = (name: string, predict: Representation["predict"]): Representation => ({
      ...read,
      name,
      predict,
    });
    const { rows } = judgeAll(
      [of("mean", (h) => h.map(() => 0)), of("copy", (h) => h), leaky(contentOf, 0.5)],
      [],
      { ...options, only: ["ratio", "copy", "refit", "refitSaccade", "variance"] },
    );
    expect(rows.mean.ratio!.value).toBeCloseTo(1, 1);
    expect(rows.mean.ratio!.value).toBeGreaterThan(1);
    expect(rows.copy.ratio).toEqual(rows.copy.copy);
    expect(rows["content, leak 0.5"].ratio).toBeNull();
    expect(rows.copy.refit!.value).toBeLessThan(Math.min(1, rows.copy.copy!.value));
    expect(rows.copy.variance!.series!.map(({ at }) => at)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("do not depend on the order of sequences, nor on how many are read at a time", () => {
    const again = judge(leaky(contentOf, 0.5), {
      ...options,
      test: reordered(test, permutation(key(8), test.count)),
      fit: reordered(fit, permutation(key(9), fit.count)),
      batch: 7,
    });
    const first = judge(leaky(contentOf, 0.5), options);
    for (const [name, value] of Object.entries(first)) {
      const other = again[name as keyof typeof figures];
      expect(other === null, name).toBe(value === null);
      if (!value || !other) continue;
      expect(other.value, name).toBeCloseTo(value.value, 8);
      value.interval?.forEach((end, k) => {
        expect(other.interval![k], name).toBeCloseTo(end, 8);
      });
    }
  });

  it("know the classes of labeled images by their content, and nothing of them without labels", () => {
    const labeled = (seed: number) => world({ images: 300, viewers: 1, steps: 3, seed, shared: 0.9 });
    const classes = ({ codes }: ReturnType<typeof world>) =>
      Int32Array.from({ length: 300 }, (_, i) => (codes[i * codeSize] > 0 ? 1 : 0));
    const [a, b] = [labeled(10), labeled(11)];
    const given = {
      ...options,
      labeled: { fit: a, fitLabels: classes(a), test: b, testLabels: classes(b) },
      only: ["probeH", "probeC"],
    };
    const { rows, chance } = judgeAll([leaky(contentOf, 0.5), leaky(color, 0.5)], [], given);
    expect(chance.probeH).toBe(0.5);
    expect(rows["content, leak 0.5"].probeH!.interval![0]).toBeGreaterThan(0.75);
    expect(rows["mean color, leak 0.5"].probeH!.interval![0]).toBeLessThan(0.52);
    expect(rows["content, leak 0.5"].probeC).toBeNull();
    expect(judge(leaky(contentOf, 0.5), { ...options, only: ["probeH"] }).probeH).toBeNull();
  });
});

describe("judge", () => {
  const r = leaky(contentOf, 0);
  it.each([
    [
      "a single image",
      () => judge(r, { ...options, test: world({ images: 1, viewers: 3, steps, seed: 1 }) }),
      "judge: expected sequences of at least 2 images to test, got 1",
    ],
    [
      "other lengths",
      () => judge(r, { ...options, fit: world({ images: 2, viewers: 3, steps: 5, seed: 1 }) }),
      "judge: expected sequences of 6 fixations of 1 crops of 4 pixels to fit, got 5 fixations of 1 crops of 4 pixels",
    ],
    ["an unknown figure", () => judge(r, { ...options, only: ["loss"] }), 'got "loss"'],
    [
      "two of one name",
      () => judgeAll([r], [r], options),
      "judge: expected names that differ, got content, leak 0 twice",
    ],
    [
      "what reads both ways",
      () => judge({ ...r, read: readerOf(r) } as never, options),
      "judge: expected the representation to have either read or patchwise, got both",
    ],
    [
      "a readout of another size",
      () => judge({ ...r, size: 5 }, options),
      "judge: expected content, leak 0 to read embeddings [64,6,5], got 2304 and 2304 numbers",
    ],
    [
      "embeddings that are no numbers",
      () =>
        judge(
          changed(r, (read) => ({ ...read, h: read.h.fill(NaN, 9, 10) })),
          options,
        ),
      "judge: expected content, leak 0 to read finite embeddings, got NaN",
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

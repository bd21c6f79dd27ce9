import { describe, expect, it } from "vitest";
import { key, normal } from "../../../src/core/prng.js";
import { meanColors } from "../../../src/rjepa/figures/baselines/colors.js";
import { leakOf, leaky } from "../../../src/rjepa/figures/baselines/leaky.js";
import type { Judgment } from "../../../src/rjepa/figures/judging/judge.js";
import { judge } from "../../../src/rjepa/figures/judging/judge.js";
import { type JudgmentTable, judgeAll } from "../../../src/rjepa/figures/judging/table.js";
import type { Representation } from "../../../src/rjepa/figures/representation.js";
import { judgeVerdict, lightFigures, lightVerdict } from "../../../src/rjepa/figures/verdict.js";
import { linearAlgebra } from "../../../src/rjepa/linear-algebra.js";
import { changed as changedTo, codeSize, constant, contentOf, world } from "../../support/seen-images.js";

const algebra = await linearAlgebra();
const of = { images: 60, viewers: 6, steps: 6 };
const options = { test: world({ ...of, seed: 1 }), fit: world({ ...of, seed: 2 }), algebra, key: key(3) };
const only = ["matchedAcc", "identificationH", "overCopy", "colorShare", "rankMe", "variance"];

/** Embeddings of another representation, changed: the same change for the same embedding. */
const changed = (
  name: string,
  r: Representation,
  change: (x: Float64Array) => Float64Array,
): Representation =>
  changedTo(
    r,
    ({ h, fresh, others }) => ({
      h: change(h),
      fresh: change(fresh),
      context: null,
      others: others.map((o) => ({ h: change(o.h), fresh: change(o.fresh) })),
    }),
    name,
  );
const content = leaky(contentOf, 0.5, "fresh");
const color = meanColors(1, 4, 1);
/** Luminance of a patch, bent: each unit rises from another one on, so that many dimensions are filled. */
const lit = (crops: Float32Array, at: number): number => {
  const [patch, unit] = [Math.floor(at / codeSize), at % codeSize];
  const [light] = color.of(crops.subarray(48 * patch, 48 * patch + 48), 1);
  return light + Math.abs(light - 0.3 * unit);
};
/** Noise that no prediction knows, with a little of the content. */
const untrained = changed("untrained", content, (x) => {
  const noise = normal(key(9), x.length);
  return x.map((v, at) => 0.02 * v + noise[at]);
});
const learned: Representation = { ...content, name: "content" };
const single = changed("one direction", content, (x) =>
  x.map((_, at) => x[Math.floor(at / codeSize) * codeSize] * (1 + (at % codeSize))),
);
const tiny = changed("tiny", content, (x) => x.map((v) => 1e-3 * v));
/** Luminance in as many numbers as content has. */
const colored: Representation = {
  ...leaky(
    { ...contentOf, of: (c, n) => Float64Array.from({ length: n * codeSize }, (_, at) => lit(c, at)) },
    0,
    "fresh",
  ),
  name: "colored",
};
const copied: Representation = { ...leaky(contentOf, 0.5), name: "drifting", predict: (h) => h };

const verdictOn = (model: Representation, baselines: readonly Representation[]) => {
  const table = judgeAll([model, untrained], baselines, { ...options, only });
  return judgeVerdict(table, model.name, { untrained: "untrained" });
};
const weak = [leaky(color, 0, "fresh"), leaky(color, 0.5, "fresh")];

describe("verdicts", () => {
  it("learns content, where it is ahead of all that needs no learning", () => {
    const { verdict, sentence } = verdictOn(learned, weak);
    expect(verdict).toBe("learns content");
    expect(sentence).toMatch(
      /^Matched accuracy is 0\.\d+ \[0\.\d+, 0\.\d+\], identification .*; over untrained matched accuracy \+0\.\d+ \[.*none of 2 baselines is as good in both, the nearest mean color, leak .*\.$/,
    );
  });

  it("color only, also where color fills few dimensions", () => {
    const flat = changed("flat", leaky(color, 0, "fresh"), (x) => x);
    expect(lightVerdict({ ...judge(flat, { ...options, only: lightFigures }) }, 24).verdict).toBe(
      "color only",
    );

    const { verdict, sentence } = verdictOn(colored, weak);
    expect(verdict).toBe("color only");
    expect(sentence).toMatch(
      /^\d[.\d]* \[.*\] of the variance is linear in mean colors, and patches of one color/,
    );
  });

  it("slow only, where a copy is as good as the prediction", () => {
    const { verdict, sentence } = verdictOn(copied, weak);
    expect(verdict).toBe("slow only");
    expect(sentence).toContain("below that of a copy by 0");
  });

  it("slow only, where a leak without learning is as good", () => {
    const { verdict, sentence } = verdictOn(learned, [...weak, content]);
    expect(verdict).toBe("slow only");
    expect(sentence).toMatch(/^Content, leak 0\.5, fresh is as good: over it matched accuracy 0/);
    // without a leak it is not slowness that is as good
    const still = verdictOn(learned, [...weak, content, { ...content, name: "as good" }]);
    expect(still).toMatchObject({
      verdict: "undecided",
      sentence: expect.stringMatching(/^As good is as good/),
    });
  });

  it("collapsed in rank or in scale", () => {
    expect(verdictOn(single, weak)).toEqual({
      verdict: "collapsed in rank",
      sentence: expect.stringMatching(/^The target fills 1\.0 of 6 dimensions, \d\.\d before learning\.$/),
    });
    expect(verdictOn(tiny, weak).verdict).toBe("collapsed in scale");
    expect(verdictOn(tiny, weak).sentence).toMatch(
      /^The variance of the target is .*, of 1\.0\d\d before learning\.$/,
    );
    expect(verdictOn(constant(6, 1e-9), weak)).toEqual({
      verdict: "collapsed in scale",
      sentence: "The target is the same for every sequence.",
    });
  });

  it("not learning, as before it learned", () => {
    const same = changed("same", untrained, (x) => x);
    expect(verdictOn(same, weak).verdict).toBe("not learning");
    const table = judgeAll(
      [
        { ...content, name: "half" },
        { ...content, name: "control" },
      ],
      weak,
      { ...options, only },
    );
    const { verdict, sentence } = judgeVerdict(table, "half", { controls: ["control"] });
    expect(verdict).toBe("not learning");
    expect(sentence).toContain("over control matched accuracy 0");
  });

  it("undecided, where there is too little to tell", () => {
    const few = { images: 4, viewers: 2, steps: 6 };
    const table = judgeAll([learned, untrained], weak, {
      ...options,
      test: world({ ...few, seed: 5 }),
      only,
    });
    expect(judgeVerdict(table, "content", { untrained: "untrained" })).toEqual({
      verdict: "undecided",
      sentence: "4 images are too few to resample, at least 20 are needed.",
    });
    const part = judgeAll([learned], weak, { ...options, only: ["matchedAcc"] });
    expect(judgeVerdict(part, "content").sentence).toBe(
      "Without identificationH, overCopy, colorShare nothing can be said.",
    );
    const alone = judgeAll([learned], weak, { ...options, only });
    expect(judgeVerdict(alone, "content").sentence).toContain("held against no row without learning");
    const some = judgeAll([learned, untrained], [...weak, content], {
      ...options,
      only,
      against: ["untrained"],
    });
    expect(judgeVerdict(some, "content", { untrained: "untrained" }).sentence).toContain(
      "the margins over mean color, leak 0, fresh were not asked for",
    );
  });

  it("refuse rows that the table lacks", () => {
    const none = { best: {}, chance: {}, margins: {}, sizes: {}, baselines: [], images: 3 };
    const table: JudgmentTable = { ...none, representations: ["a"], rows: { a: {} } };
    expect(() => judgeVerdict(table, "content")).toThrow("verdict: expected rows among a, got content");
    expect(() => judgeVerdict({ ...table, representations: ["b"] }, "a")).toThrow(
      "verdict: expected the table with the row b, got none",
    );
  });
});

describe("verdicts while training", () => {
  const light = (r: Representation): Judgment =>
    judge(r, { ...options, test: world({ ...of, viewers: 15, seed: 4 }), only: lightFigures });
  const before = { matchedAcc: 0.5, variance: 1, rankMe: 6 };
  it.each([
    [learned, "undecided", /^Nothing is wrong so far: patches are told from matched strangers in 0\.\d+ \[/],
    [colored, "color only", /linear in mean colors/],
    [single, "collapsed in rank", /^The target fills 1\.0 of 6/],
    [tiny, "collapsed in scale", /^The variance of the target is/],
    [untrained, "not learning", /of sequences, 0\.50 at the start\.$/],
  ] as const)("of few figures: %#", (r, verdict, words) => {
    const found = lightVerdict(light(r), r.size, before);
    expect(found.sentence).toMatch(words);
    expect(found.verdict).toBe(verdict);
  });
});

describe("leaks", () => {
  it("are known by the names of rows", () => {
    expect([leaky(color, 0.8).name, content.name, "untrained"].map(leakOf)).toEqual([0.8, 0.5, null]);
  });
});

import { describe, expect, it } from "vitest";
import { foldIn, key } from "../../src/core/prng.js";
import { leavesOf } from "../../src/core/tree.js";
import { fromScenes } from "../../src/data/index.js";
import { isTensor, random, type Tensor, tensor } from "../../src/index.js";
import { bptt, plan, type RuleOptions, rfp, rtrl, ruleNamed, tbptt } from "../../src/learn/index.js";
import {
  channelStatistics,
  compareWithBptt,
  embedAll,
  firstStatistics,
  jepa,
  presetNamed,
  RunningHead,
  runSequence,
  samplesOf,
  train,
} from "../../src/rjepa/index.js";
import { entries } from "../../src/tensor/read.js";

const nano = presetNamed("nano");
const data = fromScenes({
  count: 4,
  viewers: 2,
  width: 160,
  height: 120,
  steps: 4,
  cropSize: nano.crop,
  size: nano.size,
  key: key(1),
});
const channels = channelStatistics(data.sequences, nano.size);
const model = jepa({ preset: nano, steps: 4 });
const params = model.init(foldIn(key(1), "init"));

function start() {
  return { jepa: model, params, channels, head: firstStatistics(model, params, data.sequences, channels) };
}

const squared = (t: Tensor): number => [...entries(t)].reduce((a, v) => a + v * v, 0);
const flatten = (tree: unknown): number[] =>
  leavesOf<Tensor>(tree, isTensor).flatMap((l) => [...entries(l.value)]);

describe("presets", () => {
  it.each([
    ["nano", 15_912],
    ["tiny", 99_456],
  ])("%s has %i parameters besides the action head", (name, count) => {
    const all = leavesOf<Tensor>(jepa({ preset: presetNamed(name), steps: 8 }).init(key(1)), isTensor);
    const encoder = all.filter(({ path }) => !/\.(Wa|ba)$/.test(path));
    expect(encoder.reduce((n, { value }) => n + value.size, 0)).toBe(count);
  });

  // bytes of the record that the loss has a share in: 1.48 and 6.45 MiB without it
  it.each([
    ["nano", 2.375, 62],
    ["tiny", 12.118, 133],
  ])(
    "%s: BPTT of 8 fixations holds what plan says, %f MiB, and less than exact RFP up to %i",
    (name, mebibytes, steps) => {
      const { model: planned, example } = jepa({ preset: presetNamed(name), steps: 8 });
      const { sample, params } = example();
      const { bytes, bpttSmallerBelow, countsLoss } = plan(planned, { steps: 8, sample, params });
      const learner = bptt(planned, params);
      for (let t = 0; t < 8; t++) learner.step(sample);
      // sums of losses, a number a step, are not planned
      expect(Math.abs(learner.memory().bytes - bytes.bptt)).toBeLessThanOrEqual(8 * 8);
      expect(bytes.bptt / 2 ** 20).toBeCloseTo(mebibytes, 3);
      expect(bpttSmallerBelow - 1).toBe(steps);
      expect(countsLoss).toBe(true);
    },
  );

  it("hold what plan says with their own loss, by every rule that it names", () => {
    const preset = {
      ...presetNamed("nano"),
      size: 4,
      conv: [{ stride: 2, channels: 2 }],
      dense: [3, 2],
      embedding: 2,
    };
    const { model: small, example } = jepa({ preset, steps: 8 });
    const { sample, params } = example({ batch: 2 });
    const { bytes } = plan(small, { steps: 8, sample, params });
    const held = (rule: typeof bptt, options: RuleOptions = {}): number => {
      const learner = rule(small, params, options);
      for (let t = 0; t < 8; t++) learner.step(sample);
      return learner.memory().bytes;
    };
    expect(held(rfp)).toBe(bytes.rfpExact);
    expect(held(rfp, { credit: "local" })).toBe(bytes.rfpLocal);
    expect(held(rtrl)).toBe(bytes.rtrl);
    expect(Math.abs(held(bptt) - bytes.bptt)).toBeLessThanOrEqual(8 * 8);
  });

  it("warn of a window of one step, which hides the step before from their loss", () => {
    const { model: small, example } = jepa({ preset: presetNamed("nano"), steps: 8 });
    const { sample, params } = example();
    expect(plan(small, { sample, params }).warnings).toEqual([
      expect.stringMatching(
        /^tbptt\(1\): the loss reads the step before, .*; expected a window of at least 2$/,
      ),
    ]);
    const gradientOf = (window: number): number => {
      const learner = tbptt(small, params, { window });
      for (let t = 0; t < 4; t++)
        learner.step({
          ...sample,
          patch: random.normal(key(t), sample.patch.shape),
          head: { ...sample.head, scale: sample.head.scale.add(1) },
        });
      // the decay of K reaches it in any case; gate biases have none
      return learner.gradient().areas[0].bh.abs().max().item();
    };
    expect(gradientOf(1)).toBe(0);
    expect(gradientOf(2)).toBeGreaterThan(1e-6);
  });

  it("need what the design counts: about 2.5 M influence numbers for nano, 224 MB for tiny", () => {
    expect(plan(model.model).bytes.rfpExact / 8).toBeCloseTo(2.53e6, -4);
    expect(plan(jepa({ preset: presetNamed("tiny"), steps: 8 }).model).bytes.rfpExact / 1e6).toBeCloseTo(
      224,
      0,
    );
  });

  it("by another name are refused", () => {
    expect(() => presetNamed("huge")).toThrow(/preset: expected one of nano, tiny, got "huge"/);
    expect(() => jepa({ preset: nano, steps: 1 })).toThrow(/at least 2 fixations/);
  });
});

describe("the loss", () => {
  it("is the mean squared prediction error over d and steps, plus the decay, plus the aim", () => {
    const head = start().head.statistics;
    const samples = samplesOf(data.sequences.slice(0, 2), nano.size, channels, head);
    const total = runSequence(ruleNamed("bptt").start(model.model, params), samples).loss;
    const embedded = embedAll({ jepa: model, params, channels, head }, data.sequences.slice(0, 2));
    const errors = [...embedded.loss].reduce((a, b) => a + b, 0) / 2 / 3;
    const decayed = leavesOf<Tensor>(params, isTensor).filter(({ path }) => /\.(Kh|Kc|Wh|WG)$/.test(path));
    const decay = 1e-4 * decayed.reduce((s, { value }) => s + squared(value), 0);
    // the action head starts at zero: its error is the squared saccade
    const aim = samples.reduce((s, { saccade }) => s + (saccade ? squared(saccade) : 0), 0) / 2 / 3;
    expect(total).toBeCloseTo(errors + decay + aim, 12);
  });

  it("has the same gradient under rfp and bptt", () => {
    const samples = samplesOf(data.sequences.slice(0, 1), nano.size, channels, start().head.statistics);
    const { worst, blocks } = compareWithBptt(model, params, samples, "rfp", {});
    expect(worst).toBeLessThan(1e-12);
    expect(Object.keys(blocks).length).toBe(77);
    // the control: without the blocks across areas it is another gradient
    expect(compareWithBptt(model, params, samples, "rfp", { credit: "local" }).worst).toBeGreaterThan(1e-2);
  });

  it("does not reach the encoder through the action head or the target", () => {
    const samples = samplesOf(data.sequences.slice(0, 1), nano.size, channels, start().head.statistics);
    const still = samples.map((s) => ({ ...s, saccade: null }));
    const gradient = (list: typeof samples) =>
      runSequence(ruleNamed("bptt").start(model.model, params), list).gradient;
    expect(flatten(gradient(samples).areas)).toEqual(flatten(gradient(still).areas));
    const open = jepa({ preset: nano, steps: 4, target: "gradient" });
    expect(
      flatten(runSequence(ruleNamed("bptt").start(open.model, params), samples).gradient.areas),
    ).not.toEqual(flatten(gradient(samples).areas));
  });
});

describe("training", () => {
  const run = (rule: string, seed = 5) => train(start(), data.sequences, { rule, key: key(seed), epochs: 1 });

  it("gives the same numbers for the same seed, and others for another", () => {
    const [a, b, c] = [run("bptt"), run("bptt"), run("bptt", 6)];
    expect(flatten(a.params)).toEqual(flatten(b.params));
    expect(flatten(a.params)).not.toEqual(flatten(c.params));
  });

  it("goes the same way under rfp and bptt", () => {
    const [a, b] = [run("rfp"), run("bptt")].map((t) => flatten(t.params));
    // eight updates of Adam, whose first steps divide by the gradient's own size, enlarge rounding of 1e-15
    a.forEach((v, i) => expect(Math.abs(v - b[i])).toBeLessThan(1e-8));
  });

  it("changes every block but leaves the start as it was", () => {
    const before = flatten(params);
    const after = run("bptt").params;
    expect(flatten(params)).toEqual(before);
    const old = leavesOf<Tensor>(params, isTensor);
    leavesOf<Tensor>(after, isTensor).forEach(({ path, value }, i) => {
      expect([path, [...entries(value)].some((v, j) => v !== entries(old[i].value)[j])]).toEqual([
        path,
        true,
      ]);
    });
  });

  it("refuses a NaN in the data, with the image's name", () => {
    const [first, ...rest] = data.sequences;
    const patches = first.patches.slice();
    patches[100] = Number.NaN;
    const bad = [{ ...first, patches }, ...rest];
    expect(() => train(start(), bad, { rule: "bptt", key: key(1) })).toThrow(
      /a NaN in the patch of scene-00001 at step 1/,
    );
    expect(() => train(start(), [], { key: key(1) })).toThrow(/expected at least 1 sequences/);
  });
});

describe("head statistics", () => {
  it("are those of all outputs seen, with weight one", () => {
    const rows = [...Array(50)].map((_, i) => [Math.sin(i), 3 + Math.cos(2 * i)]);
    const head = new RunningHead(2);
    head.update([tensorOf(rows.slice(0, 20)), tensorOf(rows.slice(20))], 1);
    const mean = (k: number): number => rows.reduce((s, r) => s + r[k], 0) / 50;
    const deviation = (k: number): number =>
      Math.sqrt(rows.reduce((s, r) => s + (r[k] - mean(k)) ** 2, 0) / 50);
    const { mean: m, scale } = head.statistics;
    [0, 1].forEach((k) => {
      expect(entries(m)[k]).toBeCloseTo(mean(k), 12);
      expect(1 / entries(scale)[k]).toBeCloseTo(deviation(k), 6);
    });
  });

  const tensorOf = (rows: number[][]): Tensor => tensor(rows);
});

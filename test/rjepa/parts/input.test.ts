import { beforeAll, describe, expect, it } from "vitest";
import { foldIn, key } from "../../../src/core/prng.js";
import {
  cutSequences,
  type Gallery,
  openGallery,
  type References,
  referencesFromScenes,
  retina,
} from "../../../src/data/index.js";
import { batchOf } from "../../../src/rjepa/parts/data.js";
import { inputShape } from "../../../src/rjepa/parts/input.js";
import type { Preset } from "../../../src/rjepa/parts/preset.js";
import { buffersOf, stepsOf } from "../../../src/rjepa/parts/steps.js";
import { entries } from "../../../src/tensor/read.js";
import type { Tensor } from "../../../src/tensor/tensor.js";
import { small } from "./small.js";

const [steps, batch] = [4, 6];
// every sequence is in the one batch of an epoch
const all = referencesFromScenes({ count: 2, width: 64, height: 48, viewers: 3, steps, key: key(3) });
const labeled: References = {
  ...all,
  labels: ["near", "far"],
  sequences: all.sequences.map((seen) => ({ ...seen, label: seen.image })),
};
let gallery: Gallery;
beforeAll(async () => {
  gallery = await openGallery(all);
});
const options = { batch, key: key(9) };
const inputs = {
  retina: { crops: [16, 32], size: 4 },
  color: { channels: "color", crops: [16, 32], size: 4 },
} as const satisfies Record<string, Preset["input"]>;

describe("what a model is given", () => {
  it.each([
    ["retina", 10],
    ["color", 6],
  ] as const)("has the channels of its preset: %s, %d of two crops", (name, channels) => {
    const preset = small({ input: inputs[name] });
    expect(inputShape(preset)).toEqual([channels, 4, 4]);
    const given = batchOf(preset, stepsOf(gallery, all, preset, options, 0));
    expect(given.map(({ input }) => input.shape)).toEqual(
      Array.from({ length: steps }, () => [batch, channels, 4, 4]),
    );
  });

  it("is a color less 104 and over 64 where it is no contrast", () => {
    const [color, contrast] = [inputs.color, inputs.retina].map((input) =>
      stepsOf(gallery, all, { input }, options, 0),
    );
    // colors of bytes: what a retina makes of them is what it was given
    const crops = color[1].input.map((v) => 64 * v + 104);
    expect(Math.min(...crops)).toBeGreaterThanOrEqual(-1e-4);
    expect(Math.max(...crops)).toBeLessThanOrEqual(255 + 1e-4);
    const seen = retina(crops, batch, 2, 4);
    // float32, divided by a contrast of some 10
    for (let i = 0; i < seen.length; i++) expect(seen[i]).toBeCloseTo(contrast[1].input[i], 4);
  });

  it("tells where the eye is: positions that saccades lead to, and the saccade that follows", () => {
    const preset = small({ input: inputs.retina, heads: { saccade: {} } });
    const given = batchOf(preset, stepsOf(gallery, all, preset, options, 0));
    for (let t = 1; t < steps; t++) {
      const [from, to, by, next] = [
        given[t - 1].position,
        given[t].position,
        given[t].saccade,
        given[t - 1].next,
      ].map((x) => entries(x as Tensor));
      for (let i = 0; i < 2 * batch; i++) expect(to[i] - from[i]).toBeCloseTo(by[i], 5);
      expect(next).toEqual(by);
    }
    expect(given[steps - 1].next).toBeNull();
    // half of the image's width over its diagonal of 80 pixels, and what a zoom of 2^0.4 and jitter of 6 pixels add
    const places = given.flatMap(({ position }) => Array.from(entries(position as Tensor), Math.abs));
    expect(Math.max(...places)).toBeLessThan(((32 + 6) / 80) * 2 ** 0.4);
  });

  it("has the label of its sequence at the last step, where it is asked for", () => {
    const preset = small({ input: inputs.color, heads: { class: { classes: batch } } });
    // a label for each, so that it tells which sequence is meant
    const told = { ...labeled, sequences: all.sequences.map((seen, label) => ({ ...seen, label })) };
    const cut = stepsOf(gallery, told, preset, options, 0);
    const given = batchOf(preset, cut);
    expect(given.slice(0, -1).every(({ label }) => label === null)).toBe(true);
    const labels = cut[steps - 1].label as Int32Array;
    const augment = foldIn(foldIn(options.key, "changes"), 0);
    const { crops } = cutSequences(gallery, told, labels, preset.input, { augment });
    const [frame, last] = [crops.length / (batch * steps), cut[steps - 1].input];
    labels.forEach((_, b) => {
      const row = crops.subarray((b * steps + steps - 1) * frame, (b + 1) * steps * frame);
      expect(last.subarray(b * frame, (b + 1) * frame)).toEqual(row.map((v) => (v - 104) / 64));
    });
    const rows = entries(given[steps - 1].label as Tensor);
    labels.forEach((label, b) => {
      const row = Array.from(rows.subarray(b * batch, (b + 1) * batch));
      expect(row).toEqual(row.map((_, c) => (c === label ? 1 : 0)));
    });
    expect(batchOf(small({ input: inputs.color }), cut)[steps - 1]).not.toHaveProperty("label");
  });

  it("changes hands whole: every array of a step, and a label where there is one", () => {
    const cut = stepsOf(gallery, labeled, { input: inputs.color }, options, 0);
    expect(buffersOf(cut)).toHaveLength(3 * steps + 1);
    expect(new Set(buffersOf(cut)).size).toBe(3 * steps + 1);
    expect(buffersOf(stepsOf(gallery, all, { input: inputs.color }, options, 0))).toHaveLength(3 * steps);
  });

  it("has a label for every sequence or for none", () => {
    const [first, ...rest] = labeled.sequences;
    const { label: _, ...bare } = first;
    const torn = { ...labeled, sequences: [bare, ...rest] };
    expect(() => stepsOf(gallery, torn, { input: inputs.color }, options, 0)).toThrow(
      "train: expected a label of each sequence, got none of sequence 0",
    );
  });
});

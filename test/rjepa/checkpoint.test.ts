import { describe, expect, it } from "vitest";
import "../../src/index.js";
import { key } from "../../src/core/prng.js";
import { fromScenes } from "../../src/data/index.js";
import { embedAll, loadModel, presetNamed, runExperiment, saveModel } from "../../src/rjepa/index.js";

const preset = presetNamed("nano");
const dataset = fromScenes({
  count: 8,
  viewers: 1,
  width: 96,
  height: 96,
  steps: 3,
  cropSize: preset.crop,
  size: preset.size,
  key: key(1),
});

describe("an experiment", async () => {
  const experiment = await runExperiment({ preset, dataset, rule: "bptt", seed: 3 });

  it("sums itself up", () => {
    const { summary } = experiment;
    expect(summary.gradient.worst).toBeLessThan(1e-10);
    expect(summary.sequences).toEqual({ train: 6, test: 2 });
    expect(summary.fixations).toBe(18);
    expect(summary.before.lossByStep.length).toBe(2);
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it("is the same for the same seed", async () => {
    const again = await runExperiment({ preset, dataset, rule: "bptt", seed: 3 });
    expect(again.summary.after).toEqual(experiment.summary.after);
  });

  it("needs images on both sides of the split", async () => {
    const one = { ...dataset, sequences: dataset.sequences.slice(0, 1) };
    await expect(runExperiment({ preset, dataset: one })).rejects.toThrow(
      /images for training and for testing, got sequences from 1 image/,
    );
  });

  it("saves a model that embeds the same after it is loaded", () => {
    const text = saveModel(experiment);
    const loaded = embedAll(loadModel(text), experiment.test);
    expect(loaded.h).toEqual(experiment.embeddings.after.h);
  });

  it.each([
    ["no JSON", "{", /expected the JSON of a saved model/],
    ["another format", '{"format":"x"}', /expected format onward-rjepa-1, got "x"/],
    ["an incomplete file", '{"format":"onward-rjepa-1","preset":"nano"}', /incomplete file/],
  ])("refuses %s", (_, text, sentence) => {
    expect(() => loadModel(text)).toThrow(sentence as RegExp);
  });
});

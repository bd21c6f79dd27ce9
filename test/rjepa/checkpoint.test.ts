import { describe, expect, it } from "vitest";
import "../../src/index.js";
import { CheckpointError } from "../../src/core/errors.js";
import { key } from "../../src/core/prng.js";
import { leavesOf } from "../../src/core/tree.js";
import { fromScenes } from "../../src/data/index.js";
import { tensor } from "../../src/index.js";
import { mul } from "../../src/ops/pointwise.js";
import {
  embedAll,
  loadModel,
  presetNamed,
  type Reader,
  runExperiment,
  saveModel,
} from "../../src/rjepa/index.js";
import { entries } from "../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import { byteMutant, fieldMutant, randomNumbers } from "../support/mutants.js";

/** Everything that embeddings depend on, to the last bit. */
const numbersOf = ({ jepa, params, head, channels }: Reader) => ({
  preset: jepa.preset,
  channels,
  tensors: leavesOf<Tensor>({ params, head: { ...head } }, isTensor).map(({ path, value }) => [
    path,
    value.dtype,
    value.shape.join(),
    Buffer.from(Float64Array.from(entries(value)).buffer).toString("base64"),
  ]),
});

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

  it("keeps every bit of the numbers, the sign of zero included", () => {
    const { trained } = experiment;
    const [first, ...areas] = trained.params.areas;
    const [name] = Object.keys(first);
    const zeroed = { ...first, [name]: mul(first[name], -0) };
    const params = { ...trained.params, areas: [zeroed, ...areas] };
    const loaded = loadModel(saveModel({ ...experiment, trained: { ...trained, params } }));
    expect(numbersOf(loaded)).toEqual(numbersOf({ ...loaded, params, head: trained.head.statistics }));
    expect(entries(loaded.params.areas[0][name]).some((v) => Object.is(v, -0))).toBe(true);
  });

  it("does not save what is no number", () => {
    const { trained } = experiment;
    const params = { ...trained.params, readout: { ...trained.params.readout, ba: tensor([Number.NaN, 1]) } };
    expect(() => saveModel({ ...experiment, trained: { ...trained, params } })).toThrow(
      new CheckpointError("saveModel: expected finite numbers in params.readout.ba, got NaN"),
    );
  });

  it("loads files of the first format, which had no checksum", () => {
    const { checksum: _, ...content } = JSON.parse(saveModel(experiment));
    const first = JSON.stringify({ ...content, format: "onward-rjepa-1" });
    expect(numbersOf(loadModel(first))).toEqual(numbersOf(loadModel(saveModel(experiment))));
    // shapes and numbers are held against the model all the same
    content.params.areas[1].Kh.shape = [8, 12, 3, 3];
    expect(() => loadModel(JSON.stringify({ ...content, format: "onward-rjepa-1" }))).toThrow(
      "loadModel: expected shape [12,8,3,3] for params.areas.1.Kh, got [8,12,3,3]",
    );
  });

  it.each([
    ["byte", byteMutant, 150],
    ["field", fieldMutant, 150],
  ] as const)(
    "refuses a file with a changed %s, or reads the same numbers from it",
    (kind, mutate, count) => {
      const text = saveModel(experiment);
      const [seed, whole] = [Math.floor(Math.random() * 2 ** 31), numbersOf(loadModel(text))];
      const random = randomNumbers(seed);
      let refused = 0;
      for (let i = 0; i < count; i++) {
        const mutant = mutate(text, random);
        const who = `${kind} mutant ${i} of seed ${seed}: ${mutant.what}`;
        try {
          expect(numbersOf(loadModel(mutant.text)), who).toEqual(whole);
        } catch (error) {
          if (!(error instanceof CheckpointError)) throw new Error(who, { cause: error });
          expect(error.message, who).toMatch(/^loadModel: [^\n]{1,400}$/);
          refused++;
        }
      }
      // the rest changed nothing: a blank, the same digit, the order of equal numbers
      expect(refused / count).toBeGreaterThan(0.6);
    },
  );

  it.each([
    ["no JSON", "{", /expected the JSON of a saved model/],
    ["another format", '{"format":"x"}', /expected format onward-rjepa-2, got "x"/],
    ["an incomplete file", '{"format":"onward-rjepa-1","preset":"nano"}', /incomplete file/],
    ["a list", "[]", /expected an object for the file, got \[\]/],
    ["null", "null", /expected an object for the file, got null/],
    ["JSON a million lists deep", "[".repeat(1e6), /expected the JSON of a saved model/],
    ["a byte order mark", "\ufeff{}", /expected the JSON of a saved model/],
  ])("refuses %s", (_, text, sentence) => {
    expect(() => loadModel(text)).toThrow(sentence as RegExp);
  });
});

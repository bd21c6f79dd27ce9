import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/index.js";
import { ArgumentError } from "../../src/core/errors.js";
import type { Tensor } from "../../src/index.js";
import { entries } from "../../src/tensor/read.js";
import {
  arbitraryCell,
  arbitrarySequence,
  arbitraryStack,
  arbitraryTensor,
} from "../../src/testing/index.js";
import { swap } from "../support/odd-cells.js";

const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns = 300): T[] =>
  fc.sample(arbitrary, { numRuns, seed: 1 });

describe("arbitraryTensor", () => {
  it("draws shapes and finite numbers within bounds", () => {
    const found = sample(arbitraryTensor({ min: -1, max: 2 }));
    expect(new Set(found.map((t) => t.rank))).toEqual(new Set([0, 1, 2, 3]));
    for (const t of found) for (const v of entries(t)) expect(v >= -1 && v <= 2).toBe(true);
    expect(found.some((t) => t.shape.includes(1))).toBe(true);
  });

  it("keeps to a shape and a dtype", () => {
    for (const t of sample(arbitraryTensor({ shape: [2, 0, 3], dtype: "float32" }), 5))
      expect([t.shape, t.dtype]).toEqual([[2, 0, 3], "float32"]);
  });
});

describe("arbitrarySequence", () => {
  it("draws steps and batches, all of one batch", () => {
    const found = sample(arbitrarySequence({ input: [2, 3], target: [4] }));
    expect(new Set(found.map((s) => s.length)).size).toBe(8);
    expect(new Set(found.map((s) => s[0].input.shape[0]))).toEqual(new Set([1, 2, 3]));
    for (const steps of found)
      for (const { input, target } of steps) {
        const batch = steps[0].input.shape[0];
        expect([input.shape, target.shape]).toEqual([
          [batch, 2, 3],
          [batch, 4],
        ]);
      }
    expect(new Set(found.map((s) => entries(s[0].input)[0])).size).toBeGreaterThan(250);
  });
});

describe("arbitraryCell", () => {
  const found = sample(arbitraryCell(), 1000);

  it("finds every cell, in sizes from 1, strides and activations", () => {
    expect(new Set(found.map(({ cell }) => cell.name))).toEqual(new Set(Object.keys(cells)));
    expect(new Set(found.map(({ cell }) => cell.geometry.units))).toEqual(new Set([1, 2, 3, 4]));
    const rgc = found.filter(({ cell }) => cell.name === "rgcPointwise").map(({ cell }) => cell.geometry);
    expect(new Set(rgc.map((g) => `${g.stride} ${g.activation}`)).size).toBe(4);
  });

  it("draws parameters without zeros, gates open and shut among them", () => {
    for (const { cell, params } of found) {
      expect(Object.keys(params)).toEqual(Object.keys(cell.shapes));
      for (const t of Object.values(params)) for (const v of entries(t)) expect(v).not.toBe(0);
    }
    const biases = found
      .filter(({ cell }) => cell.name === "mingru")
      .flatMap(({ params }) => [...entries(params.bz)]);
    expect(Math.max(...biases)).toBeGreaterThan(4);
    expect(Math.min(...biases)).toBeLessThan(-4);
  });

  it("takes cells of one's own", () => {
    for (const { cell } of sample(arbitraryCell({ kinds: [swap], units: [7, 7] }), 5))
      expect([cell.name, cell.geometry.units]).toEqual(["swap", 7]);
    expect(() => arbitraryCell({ kinds: [] })).toThrow(ArgumentError);
  });
});

describe("arbitraryStack", () => {
  const found = sample(arbitraryStack(), 600);

  it("stacks two to four areas, convolutional ones below", () => {
    expect(new Set(found.map(({ model }) => model.areas.length))).toEqual(new Set([2, 3, 4]));
    const forms = found.map(({ model }) => model.areas.map((a) => a.geometry.state.length).join(""));
    expect(forms).toEqual(expect.arrayContaining(["11", "31", "33", "331", "3311"]));
    expect(forms.some((form) => form.includes("13"))).toBe(false);
  });

  it("draws a sequence that fits", () => {
    for (const { model, samples } of found) {
      const [bottom, top] = [model.areas[0], model.areas[model.areas.length - 1]];
      expect(samples[0].input.shape.slice(1)).toEqual(bottom.geometry.input);
      expect(samples[0].target.shape.slice(1)).toEqual(top.outputShape);
    }
  });

  it("describes itself, in counterexamples too", () => {
    const { label } = found[0];
    expect(label).toMatch(/^\w+ \[[\d,]+\]>\d.* > .*, (squared|slow), T=\d B=\d, seed \d+, saturation \d$/);
    expect(fc.stringify(found[0])).toBe(label);
    expect(label).toBe(sample(arbitraryStack(), 1)[0].label);
  });
});

describe("a failure shrinks to the smallest", () => {
  /** The counterexamples that different seeds end with. */
  const smallest = <T>(arbitrary: fc.Arbitrary<T>, fails: (value: T) => boolean): T[] =>
    Array.from({ length: 6 }, (_, seed) => {
      const property = fc.property(arbitrary, (value) => !fails(value));
      return fc.check(property, { seed, numRuns: 500 }).counterexample?.[0] as T;
    });
  const same = <T>(found: readonly T[], show: (value: T) => string): string => {
    const shown = [...new Set(found.map(show))];
    expect(shown).toHaveLength(1);
    return shown[0];
  };

  it("stack and cell: size 1, one step, one stream, seed 0", () => {
    const first = Object.keys(cells)[0];
    const data = "squared, T=1 B=1, seed 0, saturation 0";
    const one = `${first} [1]>1 tanh`;
    expect(
      same(
        smallest(arbitraryStack(), () => true),
        fc.stringify,
      ),
    ).toBe(`${one} > ${one}, ${data}`);
    expect(
      same(
        smallest(arbitraryCell(), () => true),
        fc.stringify,
      ),
    ).toBe(`${one}, ${data}`);
    const long = smallest(arbitraryStack(), ({ samples }) => samples.length >= 3);
    expect(same(long, fc.stringify)).toBe(`${one} > ${one}, ${data.replace("T=1", "T=3")}`);
  });

  it("sequence", () => {
    const long = smallest(arbitrarySequence({ input: [2], target: [1] }), (steps) => steps.length >= 2);
    expect(same(long, (steps) => `${steps.length} ${steps[0].input.shape}`)).toBe("2 1,2");
  });

  it("tensor: without axes, indices and digits that do not matter", () => {
    const large = (t: Tensor): number => entries(t).filter((v) => v > 1).length;
    const show = (t: Tensor): string => `[${t.shape}] ${[...entries(t)]}`;
    expect(
      same(
        smallest(arbitraryTensor(), (t) => large(t) >= 1),
        show,
      ),
    ).toBe("[] 2");
    const two = smallest(arbitraryTensor(), (t) => large(t) >= 2);
    expect(same(two, show)).toBe("[2] 2,2");
    const shape = [2, 3];
    expect(
      same(
        smallest(arbitraryTensor({ shape }), () => true),
        show,
      ),
    ).toBe("[2,3] 0,0,0,0,0,0");
    const positive = smallest(arbitraryTensor({ min: 0.25, max: 3 }), () => true);
    expect(same(positive, show)).toBe("[] 0.25");
  });
});

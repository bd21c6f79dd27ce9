import { describe, expect, it } from "vitest";
import { backendNames } from "../../src/index.js";
import { runChild } from "./run.js";
import { subjects } from "./subjects.js";

const calls = 10_000;
// the same each time; `npm run test:hostile` makes twenty times as many calls from another seed
const seed = 20261127;

describe.each(backendNames())("%s: values that nobody expects", (backend) => {
  it(`${calls} calls with seed ${seed} end in a value or in a sentence`, () => {
    const found = runChild(backend, calls, seed);
    const told = `seed ${seed} on ${backend}`;
    expect(found.backend).toBe(backend);
    expect(found.foreign, `errors that are not ours, ${told}`).toEqual([]);
    expect(found.malformed, `malformed tensors, ${told}`).toEqual([]);
    expect(found.slow, `calls of more than a second, ${told}`).toEqual([]);
    expect(found.unsaid, `errors that are no sentence, ${told}`).toEqual([]);
    // calls that are refused at the first gate alone would prove little, and so would those that are never refused
    expect(found.values).toBeGreaterThan(calls / 5);
    expect(found.refused).toBeGreaterThan(calls / 5);
    expect(found.functions).toBeGreaterThan(subjects.length);
  }, 300_000);
});

describe("what is called", () => {
  it("covers the entries", () => {
    const names = subjects.map(({ name }) => name);
    for (const name of [
      "add",
      "random.split",
      "rfp",
      "cells.gru",
      "adam",
      "data.retina",
      "checkCell",
      "Tensor.sum",
    ])
      expect(names).toContain(name);
    expect(new Set(names).size).toBeGreaterThan(280);
  });
});

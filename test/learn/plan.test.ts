import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Cell, CellKind } from "../../src/cells/index.js";
import { cellNamed } from "../../src/cells/index.js";
import { cells } from "../../src/cells/registry.js";
import { ArgumentError, PlanError } from "../../src/core/errors.js";
import "../../src/index.js";
import { plan, rfp, ruleNamed, stack } from "../../src/learn/index.js";
import { jepa, presets } from "../../src/rjepa/index.js";
import { checkLearner, randomParams, randomSequence } from "../../src/testing/index.js";
import * as odd from "../support/odd-cells.js";

const [n, m] = [5, 4];
const numbers = 8;
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Influence of each block on its own area, in numbers per k·p: k states, p parameters in the block. */
function factors(cell: Cell): Record<string, number> {
  const { rows } = plan(stack([cell]));
  return Object.fromEntries(
    rows.map(({ parameter, bytes, states }) => {
      const name = parameter.replace("areas.0.", "");
      return [name, bytes / numbers / (states.length * count(cell.shapes[name]))];
    }),
  );
}
const all = (cell: Cell, factor: number) =>
  Object.fromEntries(Object.keys(factors(cell)).map((name) => [name, factor]));

describe("influence in numbers per k·p", () => {
  const vector = Object.values(cells).filter((kind) => !kind.definition.spatial);
  it.each(vector.map((kind) => [kind.definition.name, kind] as const))("of %s", (_, kind) => {
    const cell = kind({ input: m, units: n });
    expect(factors(cell)).toEqual(all(cell, cell.locality === "unit" ? 1 : n));
  });

  it.each([
    ["rgcPointwise", 1],
    ["rgcDepthwise", 1],
    ["rgcConv", n],
  ])("of %s, times H·W", (name, channels) => {
    const cell = cellNamed(name)({ input: [2, 3, 4], units: n });
    expect(factors(cell)).toEqual(all(cell, channels * 3 * 4));
    const strided = cellNamed(name)({ input: [2, 3, 4], units: n, stride: 2 });
    expect(factors(strided)).toEqual(all(strided, channels * 2 * 2));
  });

  it.each<[string, CellKind, Record<string, number>]>([
    ["a matrix drive", odd.plain, { W: 1 }],
    ["a scalar leak", odd.scalarLeak, { a: n, W: 1 }],
    ["RMS norm across units", odd.rmsNorm, { W: n }],
    ["weight-normalized rows", odd.weightNorm, { W: 1, g: 1 }],
    ["a parameter used twice", odd.usedTwice, { W: 1 }],
    ["fused gates, sliced", odd.fusedSliced, { W: n }],
    ["fused gates, selected", odd.fusedSelected, { W: 1 }],
    ["a low-rank drive A(B x)", odd.lowRank, { A: 1, B: n }],
    ["states that read each other", odd.swap, { W: 1, a: 1, b: 1 }],
    ["a delay chain, unit by unit", odd.unitChain, { W: 1, U: 1 }],
    ["a delay chain that mixes units at its end", odd.denseChain, { W: n, U: n }],
  ])("of %s", (_, kind, expected) => {
    expect(factors(kind({ input: m, units: n }))).toEqual(expected);
  });

  it("of an output that mixes units is nothing", () => {
    expect(Object.keys(factors(cells.elstm({ input: m, units: n })))).not.toContain("Uo");
  });

  it("counts every state that a block reaches, late ones too", () => {
    const [row] = plan(stack([odd.unitChain({ input: m, units: n })])).rows;
    expect(row.states).toEqual(["s1", "s2", "s3", "s4"]);
    expect(row.bytes).toBe(numbers * 4 * n * m);
  });

  it("stores the influence across areas: n·k·p of every block below", () => {
    const model = stack([cells.mingru({ input: m, units: n }), cells.lru({ input: n, units: 3 })]);
    const { rows } = plan(model, { batch: 2 });
    const cross = rows.filter(({ area, parameter }) => area === 2 && parameter.startsWith("areas.0."));
    expect(cross.map((row) => row.bytes)).toEqual([n * m, n, n * m, n].map((p) => 2 * numbers * 3 * 2 * p));
    expect(rows.some(({ area, parameter }) => area === 1 && parameter.startsWith("areas.1."))).toBe(false);
  });
});

describe("every odd cell", () => {
  it.each(Object.entries(odd))("%s learns exactly", (_, kind) => {
    for (const rule of ["rfp", "rtrl"]) {
      checkLearner(rule, stack([kind({ input: 3, units: 4 })]), { steps: 9 });
      checkLearner(rule, stack([kind({ input: 1, units: 1 })]), { steps: 3, batch: 1 });
      checkLearner(rule, stack([kind({ input: 2, units: 3 }), kind({ input: 3, units: 2 })]), { steps: 7 });
    }
  });
});

describe("a broken tie", () => {
  const lineOf = (file: string, text: string): number => {
    const lines = readFileSync(new URL(file, import.meta.url), "utf8").split("\n");
    return lines.findIndex((line) => line.includes(text)) + 1;
  };
  const brokenBy = (cell: Cell, parameter: string): (string | undefined)[] => {
    const row = plan(stack([cell])).rows.find((r) => r.parameter === `areas.0.${parameter}`);
    return row?.broken.filter((b) => b.parameter === 0).map((b) => b.by) ?? [];
  };

  it("names the op and the source line of the cell", () => {
    expect(brokenBy(cells.vanilla({ input: m, units: n }), "W")).toEqual([
      `contract at cells/vanilla.ts:${lineOf("../../src/cells/vanilla.ts", "drive(h, p.U)")}`,
    ]);
    expect(brokenBy(cells.rgcConv({ input: [2, 3, 3], units: 2 }), "Kh")).toEqual([
      `conv2d at cells/rgc.ts:${lineOf("../../src/cells/rgc.ts", "gate.apply(v, w, b, g.units)")}`,
    ]);
  });

  it.each([
    ["fusedSliced", odd.fusedSliced, "W", /^slice at .*support\/odd-cells\.ts:\d+$/],
    ["rmsNorm", odd.rmsNorm, "W", /^(mean|sum) at .*support\/odd-cells\.ts:\d+$/],
    ["lowRank", odd.lowRank, "B", /^contract at .*support\/odd-cells\.ts:\d+$/],
  ])("in a user's cell %s too", (_, kind, parameter, by) => {
    const found = brokenBy(kind({ input: m, units: n }), parameter);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(by);
  });

  it("is not reported where all is tied", () => {
    const { rows } = plan(stack([cells.mingru({ input: m, units: n })]));
    // W and b of the candidate and of its gate
    expect(rows.map(({ broken }) => broken)).toEqual([[], [], [], []]);
  });
});

describe("bytes planned", () => {
  const models: Record<string, Cell[]> = {
    ...Object.fromEntries(
      Object.entries(cells).map(([name, kind]) => {
        const input = kind.definition.spatial ? [2, 3, 2] : 3;
        return [name, [kind({ input, units: 3 })]];
      }),
    ),
    stack: [
      cells.rgcDepthwise({ input: [2, 3, 3], units: 2, stride: 2 }),
      cells.gru({ input: [2, 2, 2], units: 3 }),
      cells.mingru({ input: 3, units: 2 }),
    ],
  };

  it.each(Object.entries(models))("are the bytes held: %s", (_, areas) => {
    const model = stack(areas);
    const sizes = { input: areas[0].geometry.input, target: areas[areas.length - 1].outputShape };
    const samples = randomSequence(1, { ...sizes, steps: 10, batch: 2 });
    const held = (rule: string, options = {}): number => {
      const learner = ruleNamed(rule).start(model, randomParams(model, 1), options);
      for (const sample of samples) learner.step(sample);
      return learner.memory().bytes;
    };
    const { bytes, rows } = plan(model, { steps: 10, sample: samples[0] });
    expect(held("rfp")).toBe(bytes.rfpExact);
    expect(held("rfp", { credit: "local" })).toBe(bytes.rfpLocal);
    expect(held("rtrl")).toBe(bytes.rtrl);
    const states = areas.map((a) => a.states.length * count(a.geometry.state)).reduce((a, b) => a + b);
    // parameters that no state depends on, such as those of an output gate, have no influence to store
    const reaching = areas.flatMap((a, b) =>
      Object.entries(a.shapes).filter(([name]) => rows.some((r) => r.parameter === `areas.${b}.${name}`)),
    );
    const parameters = reaching.reduce((n, [, shape]) => n + count(shape), 0);
    expect(bytes.rtrl).toBe(numbers * 2 * states * parameters);
    // sums of losses, a number a step, are not planned
    expect(held("bptt") - bytes.bptt).toBeGreaterThanOrEqual(-numbers * 10);
    expect(held("bptt") - bytes.bptt).toBeLessThanOrEqual(numbers * 10);
  });

  it("halve in float32", () => {
    const model = stack(models.stack);
    const [wide, narrow] = [plan(model), plan(model, { dtype: "float32" })];
    for (const rule of ["rfpExact", "rfpLocal", "rtrl", "bptt"] as const)
      expect(narrow.bytes[rule]).toBe(wide.bytes[rule] / 2);
  });

  it("say up to how many steps the record of backpropagation is smaller", () => {
    const model = stack(models.stack);
    const { bpttSmallerBelow, bytes } = plan(model);
    expect(plan(model, { steps: bpttSmallerBelow - 1 }).bytes.bptt).toBeLessThan(bytes.rfpExact);
    expect(plan(model, { steps: bpttSmallerBelow }).bytes.bptt).toBeGreaterThanOrEqual(bytes.rfpExact);
  });

  it("of areas that take their input as a constant are those of local credit", () => {
    const { bytes } = plan(stack(models.stack, { detached: true }));
    expect(bytes.rfpExact).toBe(plan(stack(models.stack)).bytes.rfpLocal);
  });

  it("count the record of a block of steps", () => {
    const model = stack(models.stack);
    const [plain, block] = [plan(model, { steps: 1 }), plan(model, { window: 8 })];
    expect(plain).toMatchObject({ window: 1, bytes: { rfpWindow: plain.bytes.rfpExact } });
    expect(block.window).toBe(8);
    expect(block.bytes.rfpWindow).toBe(plain.bytes.rfpExact + 16 * plain.bytes.bptt);
    expect(() => plan(model, { window: 0 })).toThrow(
      "plan: expected window to be a whole number of at least 1 or auto, got 0",
    );
  });

  it("pick blocks where the influence is large, and not where parameters are shared over positions", () => {
    const picked = (areas: Cell[]): number => plan(stack(areas), { window: "auto" }).window;
    expect(picked([cells.mingru({ input: 16, units: 16 })])).toBe(1);
    expect(picked([cells.mingru({ input: 256, units: 256 })])).toBe(32);
    expect(picked([cells.vanilla({ input: 64, units: 64 })])).toBe(32);
    expect(picked([cells.rgcPointwise({ input: [3, 64, 64], units: 16 })])).toBe(1);
  });

  it("pick steps one by one for a deep stack that is bound by arithmetic", () => {
    const { model } = jepa({ preset: presets["nano-v1"], steps: 8 });
    expect(plan(model, { window: "auto", dtype: "float32" }).window).toBe(1);
  });

  it("count multiply-adds: terms into traces, and their contraction with the errors", () => {
    const [n, m, l] = [5, 3, 4];
    const count = (areas: Cell[], window = 1) => plan(stack(areas), { window }).multiplyAdds;
    const bottom = cells.mingru({ input: m, units: n });
    // two matrices and two vectors: an old trace, what enters, and the error
    const p = 2 * n * (m + 1);
    expect(count([bottom]).rfpExact).toBe(3 * p);
    expect(count([bottom]).rtrl).toBe((1 + 1 + 1) * n * p);
    // above a tied trace no sum, above one that is not a sum over its units
    const middle = cells.mingru({ input: n, units: l });
    const q = 2 * l * (n + 1);
    expect(count([bottom, middle]).rfpExact).toBe(3 * p + 3 * q + 3 * l * p);
    const top = cells.mingru({ input: l, units: n });
    const r = 2 * n * (l + 1);
    const foreign = (2 + l) * n * p + 3 * n * q;
    expect(count([bottom, middle, top]).rfpExact).toBe(3 * p + 3 * q + 3 * l * p + 3 * r + foreign);
    // old traces by a vector of products, once; the inputs of all steps; the errors, once; and the share of the gradient
    const [steps, large] = [8, cells.mingru({ input: 64, units: 64 })];
    const matrices = 2 * 64 * 64;
    const vectors = 2 * 64;
    const once = (2 + 2 * steps) * matrices + steps * 2 * 64 * 3;
    expect(count([large], steps).rfpWindow * steps).toBe(once + 3 * steps * vectors);
  });

  it("refuse sizes that are none", () => {
    expect(() => plan(stack(models.gru), { batch: 0 })).toThrow(ArgumentError);
    expect(() => plan(stack(models.gru), { steps: 1.5 })).toThrow(
      "plan: expected steps to be a whole number of at least 1, got 1.5",
    );
  });
});

describe("whether steps are replayed", () => {
  const pure = cells.mingru({ input: n, units: n });
  const next = odd.plain({ input: n, units: n });
  it.each<[string, Parameters<typeof stack>, string | null]>([
    ["replayed where all areas are pure", [[pure, pure]], null],
    [
      "op by op because of an area, by its name",
      [[pure, next]],
      "area 2 (plain) does not say pure: true, the word that next and output depend on their arguments alone",
    ],
    [
      "op by op because of a loss",
      [[pure], { loss: ({ now }) => now.outputs[0].sum() }],
      "the model does not say pure: true, the word that its loss and input depend on their arguments alone",
    ],
    [
      "replayed where a loss is called pure",
      [[pure], { loss: ({ now }) => now.outputs[0].sum(), pure: true }],
      null,
    ],
  ])("is told: %s, as learners tell it", (_, [areas, options], reason) => {
    const model = stack(areas, options);
    expect(plan(model).opByOp).toBe(reason);
    expect(rfp(model, randomParams(model, 1)).opByOp).toBe(reason);
  });
});

describe("a run that does not fit", () => {
  const model = stack([cells.vanilla({ input: 2, units: 120 })]);
  const { rfpExact } = plan(model).bytes;
  const [sample] = randomSequence(1, { input: [2], target: [120], steps: 1, batch: 1 });

  it("is refused before anything is allocated, with both numbers", () => {
    expect(rfpExact).toBe(numbers * 120 * (120 * 120 + 3 * 120));
    const learner = rfp(model, randomParams(model, 1), { memoryLimit: 1_000_000 });
    const before = process.memoryUsage().arrayBuffers;
    const refusal = captured(() => learner.step(sample));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(rfpExact / 4);
    expect(refusal).toBeInstanceOf(PlanError);
    expect(refusal).toMatchObject({ needed: rfpExact, available: 1_000_000 });
    expect((refusal as Error).message).toBe(
      `rfp: the influence needs 13.5 MiB (${rfpExact} bytes), and 976.6 KiB (1000000 bytes) are available`,
    );
    expect(learner.memory().bytes).toBe(0);
    expect(learner.state).toBeNull();
  });

  it("fits at its own size, and not one byte below", () => {
    const small = stack([cells.mingru({ input: 2, units: 3 })]);
    const { bytes } = plan(small);
    const start = (memoryLimit: number) => rfp(small, randomParams(small, 1), { memoryLimit });
    const [one] = randomSequence(1, { input: [2], target: [3], steps: 1, batch: 1 });
    start(bytes.rfpExact).step(one);
    expect(() => start(bytes.rfpExact - 1).step(one)).toThrow(PlanError);
  });

  it("is refused by default where the machine has less", () => {
    const huge = stack([cells.rgcConv({ input: [1, 512, 512], units: 64 })]);
    const learner = rfp(huge, randomParams(huge, 1));
    const [image] = randomSequence(1, { input: [1, 512, 512], target: [1], steps: 1, batch: 1 });
    expect(plan(huge).bytes.rfpExact).toBeGreaterThan(2 ** 40);
    expect(() => learner.step(image)).toThrow(PlanError);
  });
});

function captured(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

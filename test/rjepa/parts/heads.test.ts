import "../../../src/index.js";
import { afterEach, describe, expect, it } from "vitest";
import { foldIn, key as keyOf } from "../../../src/core/prng.js";
import { leavesOf } from "../../../src/core/tree.js";
import { backendName, DataError, save, useBackend } from "../../../src/index.js";
import type { RuleOptions } from "../../../src/learn/rules/_rule.js";
import { mul } from "../../../src/ops/pointwise.js";
import { normal } from "../../../src/ops/random.js";
import { type Batch, jepa } from "../../../src/rjepa/parts/compose.js";
import type { Readable } from "../../../src/rjepa/parts/heads.js";
import type { HeadsPreset } from "../../../src/rjepa/parts/part-presets.js";
import { statisticsOf, Trainer } from "../../../src/rjepa/parts/train.js";
import { entries } from "../../../src/tensor/read.js";
import { isTensor, type Tensor } from "../../../src/tensor/tensor.js";
import { lossesOf, samplesOf } from "./_support.js";
import { noise, small } from "./small.js";

const [steps, streams] = [4, 3];
const all: HeadsPreset = { saccade: {}, class: { classes: 3 } };

function trained(heads: HeadsPreset | undefined, updates: number, batchAt?: (u: number) => Batch): Trainer {
  const preset = small({ heads });
  const model = jepa({ preset, steps });
  const params = model.init(keyOf(1));
  const given = batchAt ?? ((u: number) => noise(preset, foldIn(keyOf(5), u), streams, steps));
  const trainer = new Trainer(model, params, statisticsOf(model, params, [given(90)]), {
    updates,
    ruleOptions: { window: steps } as RuleOptions,
  });
  for (let u = 0; u < updates; u++) trainer.update(given(u));
  return trainer;
}

/** Bytes of parameters by path. */
const bytesOf = ({ params }: Trainer): Map<string, string> =>
  new Map(
    leavesOf<Tensor>(params, isTensor).map(({ path, value }) => [
      path,
      Buffer.from(save({ value })).toString("base64"),
    ]),
  );

const chosen = backendName();

describe("heads", () => {
  afterEach(() => useBackend(chosen));

  it("change nothing that all else learns, to the bit", () => {
    // one backend, however small an op is: steps that are asked something are other programs
    useBackend("js");
    const [without, beside] = [undefined, all].map((heads) => bytesOf(trained(heads, 6)));
    for (const [path, bytes] of without) expect(beside.get(path), path).toBe(bytes);
    expect([...beside.keys()].filter((path) => !without.has(path)).sort()).toEqual([
      "readout.Ws",
      "readout.Wy",
      "readout.bs",
      "readout.by",
    ]);
  });

  it.each([
    ["saccade", { saccade: { gradient: true } }, 2],
    ["class, from the embedding", { class: { classes: 3, gradient: true } }, 2],
    ["class, from the context", { class: { classes: 3, gradient: true, from: "context" } }, 2],
  ] as const)("change it where they are asked to: %s", (_, heads, updates) => {
    const [without, beside] = [undefined, heads].map((h) => bytesOf(trained(h, updates)));
    expect(beside.get("areas.2.Kh")).not.toBe(without.get("areas.2.Kh"));
  });

  it("lose the squared distance from the next saccade and the cross-entropy of the label, means over streams", () => {
    const model = jepa({ preset: small({ heads: all }), steps });
    const [saccade, labels] = model.heads;
    const states = model.model.areas.map(({ states: names, geometry }, a) =>
      Object.fromEntries(names.map((n, k) => [n, normal(foldIn(keyOf(a), k), [streams, ...geometry.state])])),
    );
    const samples = samplesOf(model, keyOf(2), streams, steps);
    const params = Object.fromEntries(
      [saccade, labels].flatMap((head) =>
        Object.entries(head.shapes).map(([n, shape]) => [n, normal(foldIn(keyOf(8), n), shape)]),
      ),
    );
    const h = normal(keyOf(4), [streams, 3]);
    const seen = (t: number) =>
      ({ now: { states }, sample: samples[t], embedding: () => h }) as unknown as Readable;
    const said = entries(saccade.apply(params, seen(1)));
    const next = entries(samples[1].next as Tensor);
    const squares = Array.from(said, (v, i) => (v - next[i]) ** 2).reduce((a, b) => a + b) / streams;
    expect(saccade.loss(params, seen(1))?.item()).toBeCloseTo(squares, 13);
    expect(saccade.loss(params, seen(steps - 1))).toBeNull();
    const logits = entries(labels.apply(params, seen(steps - 1)));
    const label = entries(samples[steps - 1].label as Tensor);
    const entropies = Array.from({ length: streams }, (_, b) => {
      const row = Array.from(logits.subarray(3 * b, 3 * b + 3));
      const right = row[label.subarray(3 * b, 3 * b + 3).indexOf(1)];
      return Math.log(row.reduce((s, v) => s + Math.exp(v), 0)) - right;
    });
    const entropy = entropies.reduce((a, b) => a + b) / streams;
    expect(labels.loss(params, seen(steps - 1))?.item()).toBeCloseTo(entropy, 13);
    expect(labels.loss(params, seen(0))).toBeNull();
  });

  it("learn a saccade that the eye's position tells", () => {
    const preset = small({ heads: { saccade: {} } });
    // back to the center, half of the way: saccades are those of noise no longer
    const back = (u: number): Batch =>
      noise(preset, foldIn(keyOf(5), u), 8, steps).map((s) => ({
        ...s,
        next: s.next === null ? null : mul(s.position as Tensor, -0.5),
      }));
    const [short, long] = [1, 250].map((updates) =>
      entries(trained({ saccade: {} }, updates, back).params.readout.Ws),
    );
    const units = short.length / 2;
    // columns of the position, in rows of both directions
    const found = [long[units - 4], long[units - 3], long[2 * units - 4], long[2 * units - 3]];
    const [right, across, down, below] = found;
    for (const v of [right, below]) expect(Math.abs(v + 0.5)).toBeLessThan(0.1);
    for (const v of [across, down]) expect(Math.abs(v)).toBeLessThan(0.1);
    expect(Math.abs(short[units - 4] + 0.5)).toBeGreaterThan(0.4);
  });

  it("refuse samples that do not say what they are asked", () => {
    const model = jepa({ preset: small({ heads: all }), steps });
    for (const missing of ["position", "next", "label"] as const) {
      const samples = samplesOf(model, keyOf(2), streams, steps).map(({ [missing]: _, ...rest }) => rest);
      expect(() => lossesOf(model, samples), missing).toThrow(DataError);
    }
  });
});

import { describe, expect, it } from "vitest";
import { cells } from "../../src/cells/registry.js";
import { ArgumentError } from "../../src/core/errors.js";
import { grad, type Tensor } from "../../src/index.js";
import { bptt, type ModelParams, type Supervised, stack } from "../../src/learn/index.js";
import { rules } from "../../src/learn/registry.js";
import { entries } from "../../src/tensor/read.js";
import { compareGradients, objectives, randomParams, randomSequence } from "../../src/testing/index.js";

const areas = [
  cells.rgcPointwise({ input: [2, 3, 2], units: 2, stride: 2 }),
  cells.elstm({ input: [2, 2, 1], units: 3 }),
  cells.mingru({ input: 3, units: 2 }),
];
const model = stack<Supervised>(areas, { loss: objectives.slow });
const params = randomParams(model, 1);
const sequence = (seed: number, steps: number, batch = 2) =>
  randomSequence(seed, { input: [2, 3, 2], target: [2], steps, batch });
const [samples, others] = [sequence(5, 7), sequence(6, 4)];

/** Gradient of the losses of steps [from, to) of a sequence, by one record of all of it. */
function oracle(of: readonly Supervised[], from: number, to: number): ModelParams {
  const learner = bptt(model, params);
  of.slice(0, to).forEach((sample, t) => {
    if (t === from) learner.clearGradient();
    learner.step(sample);
  });
  return learner.gradient();
}
const plus = (a: ModelParams, b: ModelParams): ModelParams => ({
  ...a,
  areas: a.areas.map((area, i) =>
    Object.fromEntries(Object.entries(area).map(([name, t]) => [name, t.add(b.areas[i][name])])),
  ),
});
const expectEqual = (got: ModelParams, expected: ModelParams) => {
  const { worst } = compareGradients(got, expected);
  expect(worst.error, worst.path).toBeLessThan(1e-10);
};
const exact = Object.values(rules).filter((rule) => rule.exactness === "exact");

describe.each(exact)("a stream under $name", (rule) => {
  it("tells its gradient at any step, and goes on", () => {
    const learner = rule.start(model, params);
    samples.forEach((sample, t) => {
      learner.step(sample);
      expectEqual(learner.gradient(), oracle(samples, 0, t + 1));
    });
  });

  it("tells the same gradient twice, in tensors of its own", () => {
    const learner = rule.start(model, params);
    learner.step(samples[0]);
    const first = learner.gradient();
    const copy = entries(first.areas[0].Kh).slice();
    learner.step(samples[1]);
    learner.clearGradient();
    expect(Array.from(entries(first.areas[0].Kh))).toEqual(Array.from(copy));
  });

  it("gives the gradient of later losses through the earlier past once cleared", () => {
    const learner = rule.start(model, params);
    for (const sample of samples.slice(0, 4)) learner.step(sample);
    learner.clearGradient();
    for (const sample of samples.slice(4)) learner.step(sample);
    expectEqual(learner.gradient(), oracle(samples, 4, 7));
    // the past matters here: without it the gradient is another one
    const forgetful = compareGradients(oracle(samples.slice(4), 0, 3), oracle(samples, 4, 7));
    expect(forgetful.worst.error).toBeGreaterThan(1e-3);
  });

  it("adds up over parts", () => {
    expectEqual(plus(oracle(samples, 0, 4), oracle(samples, 4, 7)), oracle(samples, 0, 7));
  });

  it("has a zero gradient right after it was cleared", () => {
    const learner = rule.start(model, params);
    learner.step(samples[0]);
    learner.clearGradient();
    for (const block of Object.values(learner.gradient().areas[0])) expect(block.abs().sum().item()).toBe(0);
  });

  it("forgets the past when reset, also for another batch", () => {
    const learner = rule.start(model, params);
    for (const sample of samples) learner.step(sample);
    learner.reset();
    expect(learner.state).toBeNull();
    for (const sample of others) learner.step(sample);
    expectEqual(learner.gradient(), oracle(others, 0, 4));
    const single = sequence(8, 3, 1);
    learner.reset();
    for (const sample of single) learner.step(sample);
    expectEqual(learner.gradient(), oracle(single, 0, 3));
  });

  it("starts two sequences alike", () => {
    const learner = rule.start(model, params);
    const run = (): ModelParams => {
      learner.reset();
      for (const sample of samples) learner.step(sample);
      return learner.gradient();
    };
    expect(compareGradients(run(), run()).worst.error).toBe(0);
  });

  it("reports the loss and the values of each step", () => {
    const learner = rule.start(model, params);
    const reference = bptt(model, params);
    for (const sample of samples) {
      const [got, expected] = [learner.step(sample), reference.step(sample)];
      expect(got.loss).toBeCloseTo(expected.loss, 12);
      expect(got.moment.outputs.map((y: Tensor) => y.shape)).toEqual(areas.map((a) => [2, ...a.outputShape]));
      expect(got.moment.outputs[2].toArray()).toEqual(expected.moment.outputs[2].toArray());
      expect(learner.state?.[1].c.toArray()).toEqual(got.moment.states[1].c.toArray());
    }
  });

  it("sees the step before also after its parameters were exchanged", () => {
    const learner = rule.start(model, params);
    for (const sample of samples.slice(0, 3)) learner.step(sample);
    const changed = randomParams(model, 2);
    learner.setParams(changed);
    const reference = rules.rfp.start(model, params);
    for (const sample of samples.slice(0, 3)) reference.step(sample);
    reference.setParams(changed);
    for (const sample of samples.slice(3))
      expect(learner.step(sample).loss).toBeCloseTo(reference.step(sample).loss, 10);
    // the same tensors, in frozen objects that nobody else holds
    changed.areas.forEach((area, i) => {
      for (const name of Object.keys(area)) expect(learner.params.areas[i][name]).toBe(area[name]);
    });
    expect(learner.params).not.toBe(changed);
    expect(Object.isFrozen(learner.params.areas[0])).toBe(true);
  });

  it("refuses a gradient before the first step, and parameters of another model", () => {
    const learner = rule.start(model, params);
    expect(() => learner.gradient()).toThrow(ArgumentError);
    expect(() => learner.gradient()).toThrow(`${rule.name}: expected at least one step`);
    const wrong = (areas: ModelParams["areas"]) => () => learner.setParams({ ...params, areas });
    expect(wrong(params.areas.slice(1))).toThrow(`${rule.name}: expected parameters of 3 areas, got 2`);
    const [, elstm, mingru] = params.areas;
    const misshapen = { ...mingru, Wz: mingru.Wz.transpose() };
    expect(wrong([params.areas[0], elstm, misshapen])).toThrow(
      `${rule.name}: areas.2.Wz must have shape [2,3], got [3,2]`,
    );
    const { Wz: _, ...incomplete } = mingru;
    expect(wrong([params.areas[0], elstm, incomplete])).toThrow(
      "areas.2.Wz must have shape [2,3], got nothing",
    );
    expect(wrong([params.areas[0], elstm, { ...mingru, V: mingru.Wz }])).toThrow("got V");
  });
});

describe("a readout", () => {
  const probe = stack<Supervised>([cells.mingru({ input: 2, units: 3 })], {
    readout: () => ({ R: randomSequence(1, { input: [3], target: [1], steps: 1, batch: 2 })[0].input }),
    loss: ({ params: p, now, before, sample }) => {
      const y = now.outputs[0].matmul(p.readout.R.transpose());
      const fit = y.sub(sample.target).square().sum();
      return before ? fit.add(before.outputs[0].matmul(p.readout.R.transpose()).mul(y).sum()) : fit;
    },
  });
  it.each(exact)("that only the loss reads learns under $name", (rule) => {
    const start = randomParams(probe, 3);
    const data = randomSequence(2, { input: [2], target: [2], steps: 5, batch: 2 });
    const [learner, reference] = [rule.start(probe, start), bptt(probe, start)];
    for (const sample of data) {
      learner.step(sample);
      reference.step(sample);
    }
    expectEqual(learner.gradient(), reference.gradient());
    expect(learner.gradient().readout.R.abs().sum().item()).toBeGreaterThan(0.1);
    // one step, as a plain function of the readout
    const once = rule.start(probe, start);
    const { outputs } = once.step(data[0]).moment;
    const plain = grad((R: Tensor) => outputs[0].matmul(R.transpose()).sub(data[0].target).square().sum());
    expect(once.gradient().readout.R.toArray()).toEqual(plain(start.readout.R).toArray());
  });
});

import { describe, expect, it } from "vitest";
import { type CellParams, cells } from "../../src/cells/index.js";
import { relativeError } from "../../src/core/relative-error.js";
import { random, type Tensor, tensor } from "../../src/index.js";
import { bptt, plan, rfp, rtrl, stack } from "../../src/learn/index.js";
import { entries } from "../../src/tensor/read.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
/** 0.3 max(0, 1 − |e|) */
const pseudo = (e: number): number => 0.3 * Math.max(0, 1 - Math.abs(e));

/** One unit, one input, half the squared voltage as loss of each step; all derivatives by hand. */
function byHand(p: Record<string, number>, inputs: readonly number[]) {
  const names = ["W", "b", "w", "alpha", "rho", "beta"];
  let [v, a] = [0, 0];
  let [dv, da] = [names.map(() => 0), names.map(() => 0)];
  const gradient = names.map(() => 0);
  const [s, r] = [sigmoid(p.alpha), sigmoid(p.rho)];
  const spikes: number[] = [];
  for (const x of inputs) {
    const excess = v - 1 - p.beta * a;
    const z = excess > 0 ? 1 : 0;
    const dz = names.map((name, i) => pseudo(excess) * (dv[i] - p.beta * da[i] - (name === "beta" ? a : 0)));
    const direct: Record<string, number> = { W: x, b: 1, w: z, alpha: s * (1 - s) * v };
    dv = names.map((name, i) => s * dv[i] + (p.w - 1) * dz[i] + (direct[name] ?? 0));
    da = names.map((name, i) => r * da[i] + dz[i] + (name === "rho" ? r * (1 - r) * a : 0));
    [v, a] = [s * v + p.W * x + p.b + p.w * z - z, r * a + z];
    gradient.forEach((_, i) => {
      gradient[i] += v * dv[i];
    });
    spikes.push(v - 1 - p.beta * a > 0 ? 1 : 0);
  }
  return { gradient: Object.fromEntries(names.map((name, i) => [name, gradient[i]])), spikes };
}

describe("alif", () => {
  const params = { W: 0.9, b: 0.15, w: 0.35, alpha: 1.5, rho: 2, beta: 0.4 };
  const inputs = [1, 1.2, 0.4, -0.3, 1.1, 0.9, 0.2, 1.4, 0.6, -1];
  const model = stack([cells.alif({ input: 1, units: 1 })], {
    loss: ({ now }) => now.states[0].v.square().sum().mul(0.5),
  });
  const given = {
    areas: [
      Object.fromEntries(
        Object.entries(params).map(([k, x]) => [k, k === "W" ? tensor([[x]]) : tensor([x])]),
      ),
    ],
    readout: {},
  } as unknown as ReturnType<typeof model.init>;

  it.each([
    ["rfp", rfp],
    ["rtrl", rtrl],
    ["bptt", bptt],
  ] as const)("has the gradient by hand, and spikes, with %s", (_, rule) => {
    const { gradient, spikes } = byHand(params, inputs);
    // both outcomes, on either side of the reach of the pseudo-derivative
    expect(new Set(spikes)).toEqual(new Set([0, 1]));
    const learner = rule(model, given);
    const seen = inputs.map((x) => {
      const { outputs } = learner.step({ input: tensor([[x]]), target: tensor([[0]]) }).moment;
      return outputs[0].item();
    });
    expect(seen).toEqual(spikes);
    for (const [name, g] of Object.entries(learner.gradient().areas[0])) {
      expect(gradient[name], name).not.toBe(0);
      // ten steps of a dozen products and sums each
      expect(relativeError(entries(g as Tensor), [gradient[name]]), name).toBeLessThan(1e-13);
    }
  });

  it("learns exactly in streams and stacks: rfp and rtrl equal bptt", () => {
    const deep = stack([cells.alif({ input: 3, units: 5 }), cells.alif({ input: 5, units: 4 })]);
    const start = deep.init(random.key(3));
    const gradients = [bptt, rfp, rtrl].map((rule) => {
      const learner = rule(deep, start);
      for (let t = 0; t < 40; t++)
        learner.step({
          input: random.normal(random.foldIn(random.key(4), t), [2, 3]),
          target: random.normal(random.foldIn(random.key(5), t), [2, 4]),
        });
      return learner.gradient().areas;
    });
    const [expected, ...others] = gradients;
    for (const found of others)
      found.forEach((area, b) => {
        for (const [name, g] of Object.entries<Tensor>(area)) {
          const e = (expected[b] as CellParams)[name];
          // the control: far above rounding, so that there is something to be equal to
          expect(e.abs().sum().item(), name).toBeGreaterThan(1e-3);
          expect(relativeError(entries(g), entries(e)), `${b} ${name}`).toBeLessThan(1e-10);
        }
      });
  });

  it("keeps its influence at k·p numbers: two states, every unit tied", () => {
    const [m, n] = [7, 6];
    const cell = cells.alif({ input: m, units: n });
    const { rows, bytes } = plan(stack([cell]));
    expect(bytes.rfpExact).toBe(8 * 2 * (n * m + 5 * n));
    expect(bytes.rtrl).toBe(8 * 2 * n * (n * m + 5 * n));
    for (const row of rows) expect(row.tied).toEqual([{ state: 1, parameter: 0 }]);
  });
});

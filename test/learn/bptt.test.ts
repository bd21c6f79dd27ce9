import { describe, expect, it } from "vitest";
import { cellNamed } from "../../src/cells/index.js";
import { add, grad, item, mul, square, stopGradient, sub, sum, type Tensor, zeros } from "../../src/index.js";
import { bptt, type Model, type ModelParams, type Supervised, stack } from "../../src/learn/index.js";
import { compareGradients, objectives, randomParams, randomSequence } from "../../src/testing/index.js";
import { equations, type Named } from "../support/equations.js";

/** The whole sequence as one plain function of the parameters. */
function unrolled(
  model: Model<Supervised>,
  names: readonly string[],
  samples: readonly Supervised[],
  slow: boolean,
) {
  const half = (d: Tensor): Tensor => mul(sum(square(d)), 0.5);
  return (params: ModelParams): Tensor => {
    let states: Named[] = model.areas.map((cell) =>
      Object.fromEntries(
        cell.states.map((s) => [s, zeros([samples[0].input.shape[0], cell.geometry.units])]),
      ),
    );
    let total: Tensor | null = null;
    let last: Tensor | null = null;
    for (const { input, target } of samples) {
      let x = input;
      states = names.map((name, i) => {
        const { states: next, output } = equations[name](
          params.areas[i],
          states[i],
          i > 0 && model.detached ? stopGradient(x) : x,
        );
        x = output;
        return next;
      });
      let loss = half(sub(x, target));
      if (slow && last) loss = add(loss, half(sub(x, last)));
      total = total === null ? loss : add(total, loss);
      last = x;
    }
    return total as Tensor;
  };
}

const losses = ["squared", "slow"] as const;
const compare = (
  names: readonly string[],
  sizes: readonly number[],
  loss: (typeof losses)[number],
  detached = false,
) => {
  const areas = names.map((name, i) => cellNamed(name)({ input: sizes[i], units: sizes[i + 1] }));
  areas.forEach((cell, i) => {
    if (cell.geometry.activation === "tanh" && names[i] === "rgc") throw new Error("the equations have ELU");
  });
  const model = stack<Supervised>(areas, { loss: objectives[loss], detached });
  const params = randomParams(model, 3);
  const samples = randomSequence(4, { input: [sizes[0]], target: [sizes[names.length]], steps: 6, batch: 2 });
  const learner = bptt(model, params);
  const value = samples.reduce((total, sample) => total + learner.step(sample).loss, 0);
  const plain = unrolled(model, names, samples, loss === "slow");
  expect(value).toBeCloseTo(item(plain(params)), 12);
  expect(compareGradients(learner.gradient(), grad(plain)(params)).worst.error).toBeLessThan(1e-12);
};

describe("backpropagation through time", () => {
  it("has equations of vector cells to be compared with", () => {
    expect(Object.keys(equations).length).toBeGreaterThanOrEqual(9);
    for (const name of Object.keys(equations))
      expect(cellNamed(name).definition.spatial ?? false, name).toBe(false);
  });

  describe.each(losses)("equals the gradient of the unrolled equations, loss %s,", (loss) => {
    it.each(Object.keys(equations))("on %s", (name) => {
      compare([name], [3, 4], loss);
      compare([name], [1, 1], loss);
    });

    it("on a stack", () => {
      compare(["mingru", "gru", "lru"], [3, 2, 4, 3], loss);
      compare(["rgc", "elstm"], [2, 3, 1], loss);
    });

    it("on a detached stack", () => {
      compare(["leaky", "lstm", "elstm"], [3, 2, 4, 3], loss, true);
    });
  });
});

/** States go by their names: what order `next` and `zeroState` give them in tells nothing. */
import { describe, expect, it } from "vitest";
import { type Cell, cells } from "../../src/cells/index.js";
import "../../src/index.js";
import { type Learner, type Model, ruleNamed, type Supervised, stack } from "../../src/learn/index.js";
import { compareGradients, randomParams, randomSequence } from "../../src/testing/index.js";

const backwards = <T extends object>(tree: T): T => Object.fromEntries(Object.entries(tree).reverse()) as T;

/** The same cell, which gives its states in the other order every second time. */
function shuffled(cell: Cell): Cell {
  let calls = 0;
  return {
    ...cell,
    zeroState: (batch, options) => backwards(cell.zeroState(batch, options)),
    next: (...args) => (calls++ % 2 ? cell.next(...args) : backwards(cell.next(...args))),
  };
}

const areas = [cells.lstm({ input: 2, units: 3 }), cells.lru({ input: 3, units: 2 })];
const samples = randomSequence(3, { input: [2], target: [2], steps: 9, batch: 2 });
const gradient = (model: Model<Supervised>, start: (m: Model<Supervised>) => Learner<Supervised>) => {
  const learner = start(model);
  for (const sample of samples) learner.step(sample);
  return learner.gradient();
};

describe.each(["rfp", "rtrl", "bptt", "tbptt", "fptt", "uoro", "kfRtrl", "rflo", "snap", "eprop"])(
  "%s",
  (name) => {
    // fptt and kfRtrl do not take the LSTM in these numbers
    const own = ["fptt", "kfRtrl"].includes(name) ? [cells.lru({ input: 2, units: 2 })] : areas;
    const plain = stack(own);
    const other = stack(own.map(shuffled));
    const params = randomParams(plain, 1);

    it.each(name === "rfp" ? [1, 2, 3, 8] : [1])("takes states in any order (window %s)", (window) => {
      const start = (model: Model<Supervised>): Learner<Supervised> =>
        ruleNamed(name).start(model, params, { compile: false, ...(name === "rfp" ? { window } : {}) });
      const [want, got] = [plain, other].map((model) => gradient(model, start));
      expect(compareGradients(got, want).worst.error).toBeLessThan(1e-12);
    });
  },
);

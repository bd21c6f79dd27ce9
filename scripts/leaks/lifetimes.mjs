// Starts learners, lets them record and replay, and drops them.

import { cells } from "../../dist/entry/cells.js";
import { rfp, stack } from "../../dist/entry/learn.js";
import { random } from "../../dist/index.js";

const model = stack([cells.mingru({ input: 3, units: 4 })]);
const params = model.init(random.key(1));
const sample = { input: random.normal(random.key(2), [1, 3]), target: random.normal(random.key(3), [1, 4]) };
const lifetimes = Number(process.argv[2]);
for (let i = 0; i < lifetimes; i++) {
  // every other one crosses blocks: recordings are replayed from the third on
  const [options, steps] = i % 2 ? [{ window: 3 }, 13] : [{}, 4];
  const learner = rfp(model, params, options);
  for (let t = 0; t < steps; t++) learner.step(sample);
  learner.gradient();
  if (i % 50 === 49) globalThis.gc();
}
console.log(`${lifetimes} learners`);

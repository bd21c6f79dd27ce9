// What a user writes. The tests find its lines by the numbers in them, and hold the lines that messages name against them.
import { backendName, debug, grad, log, pow, random, tensor } from "onward";
import { cells } from "onward/cells";
import { bptt, plan, rfp, stack } from "onward/learn";
import * as nn from "onward/nn";
import { mine } from "./my-cell.js";

/** Where a message says that something was called. */
function placeOf(attempt) {
  try {
    attempt();
  } catch (error) {
    return error.message.match(/; called at (.*)$/)?.[1] ?? error.message;
  }
  return "nothing was thrown";
}

const brokenBy = (kind, name) => {
  const { rows } = plan(stack([kind({ input: 2, units: 3 })]));
  return rows.find((row) => row.parameter === `areas.0.${name}`).broken.map(({ by }) => by);
};

/** The largest difference of two exact rules. */
function difference() {
  const model = stack([mine({ input: 2, units: 3 })]);
  const params = model.init(random.key(1));
  const [a, b] = [rfp, bptt].map((rule) => {
    const learner = rule(model, params);
    for (let t = 0; t < 5; t++)
      learner.step({ input: tensor([[Math.sin(t), 1]]), target: tensor([[0.5, -0.5, Math.cos(t)]]) });
    return learner.gradient().areas[0];
  });
  return Math.max(...Object.keys(a).map((name) => a[name].sub(b[name]).abs().max().item()));
}

/** A helper within a helper, in a nested derivative. */
const curved = (x) => {
  const deep = pow(x, -4.125);
  return deep.mul(2).sum();
};

const found = {
  backend: backendName(),
  difference: difference(),
  parts: typeof nn.adam,
  value: placeOf(() => {
    debug.nans(() => {
      const noted = log(tensor([-2.25]));
      return noted.add(1);
    });
  }),
  method: placeOf(() => {
    debug.nans(() => {
      const noted = tensor([1, -3.5]).sqrt();
      return noted.add(1);
    });
  }),
  derivative: placeOf(() => {
    const second = grad((x) => grad(curved)(x).mul(x).sum());
    debug.nans(() => second(tensor([0])), { infinities: true });
  }),
  cell: brokenBy(mine, "U"),
  library: brokenBy(cells.gru, "Un"),
};
globalThis.report ??= (text) => console.log(text);
globalThis.report(JSON.stringify(found));

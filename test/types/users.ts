/** Programs of users: what must compile, and what must not. A mark under which there is no error is an error itself. */
export const right = `
import { customJvp, grad, random, tensor, type Tensor } from "onward";
import { type Cell, type CellParams, cells, defineCell, drive } from "onward/cells";
import { type Learner, type Model, rfp, type RfpOptions, rules, stack, type Supervised } from "onward/learn";

const model = stack([cells.mingru({ input: 2, units: 4 }), cells.lru({ input: 4, units: 3 })]);
const params = model.init(random.key(1));
const Wz: Tensor = params.areas[0].Wz;
const nu: Tensor = params.areas[1].nu;
const options: RfpOptions = { window: 8, credit: "exact" };
const learner = rfp(model, params, options);
const { moment } = learner.step({ input: tensor([[1, 2]]), target: tensor([[1, 2, 3]]) });
const h: Tensor = moment.states[0].h;
const top: Tensor = moment.outputs[1];
const dWz: Tensor = learner.gradient().areas[0].Wz;
const re: Tensor | undefined = learner.state?.[1].re;
const held: Tensor = learner.params.areas[1].Cre;
learner.setParams(params);
rules.rfp.start(model, params, { window: "auto" }).gradient().areas[0].bz;

// a loss of one's own, and what only it reads
const scored = stack([cells.gru({ input: 2, units: 3 })], {
  readout: () => ({ V: tensor([[1, 2, 3]]) }),
  loss: ({ params, now, before, sample }) =>
    now.states[0].h.mul(params.readout.V).sub(sample.target).sum().add(before ? before.outputs[0].sum() : 0),
});
const V: Tensor = scored.init(random.key(1)).readout.V;

// a rule knows how many tensors it is given
const half = customJvp((v, w) => v.mul(w), ([v, w], [dv, dw]) => w.mul(dv).add(v.mul(dw)));
half(tensor([1]), tensor([2]));

// a cell of one's own, and states of their own shapes
const mine = defineCell({
  name: "mine",
  equations: "h' = a⊙h + W x",
  locality: "unit",
  states: ["h"],
  shapes: ({ input, units: n }) => ({ W: [n, ...input], a: [n] }),
  initial: { a: (_, n) => new Float64Array(n).fill(0.5) },
  next: (p, s, x) => ({ h: p.a.mul(s.h).add(drive(x, p.W)) }),
  output: (_, { h }) => h,
});
const counted = defineCell({
  name: "counted",
  equations: "",
  locality: "unit",
  states: { h: {}, count: { shape: [], dtype: "int32" } },
  shapes: ({ units: n }) => ({ a: [n] }),
  next: (p, { h, count }) => ({ count: count.add(1), h: h.mul(p.a) }),
  output: (_, { h }) => h,
});
const a: Tensor = stack([mine({ input: 2, units: 2 })]).init(random.key(1)).areas[0].a;
const steps: Tensor = counted({ input: 1, units: 1 }).zeroState(1).count;

// lists whose length nobody knows, cells without names in their type, models in general
const list: Cell[] = Object.values(cells).map((kind) => kind({ input: 2, units: 2 }));
const deep: Model<Supervised> = stack(list);
const general: Learner<Supervised> = rfp(deep, deep.init(random.key(1)));
const area: CellParams | undefined = general.gradient().areas[0];
const wide: Model<Supervised> = model;
const plain: Cell = { ...mine({ input: 2, units: 2 }), next: (p, s, x) => ({ h: x }) };
stack([plain]);
const sampled = stack<{ input: Tensor; weight: number }>([plain], { loss: ({ sample, now }) => now.outputs[0]!.mul(sample.weight).sum() });
export { a, area, dWz, grad, h, held, nu, re, sampled, steps, top, V, wide, Wz };
`;

export const wrong = `
import { customJvp, random, tensor } from "onward";
import { cells, defineCell, drive } from "onward/cells";
import { plan, rfp, rules, stack } from "onward/learn";
import { adam } from "onward/nn";

// @ts-expect-error no such cell
cells.mingrru({ input: 2, units: 4 });
// @ts-expect-error no such rule
rules.rpf;
// @ts-expect-error no such size
cells.mingru({ input: 2, unit: 4 });
const model = stack([cells.mingru({ input: 2, units: 4 })]);
const params = model.init(random.key(1));
// @ts-expect-error no such parameter
params.areas[0].TYPO;
// @ts-expect-error no such parameter, of whatever is there
params.areas[0]!.TYPO;
// @ts-expect-error no second area
params.areas[1];
const learner = rfp(model, params);
// @ts-expect-error no such parameter
learner.gradient().areas[0].Wq;
// @ts-expect-error no such parameter
learner.params.areas[0].Wq;
// @ts-expect-error no such state
learner.state?.[0].c;
// @ts-expect-error a sample without a target
learner.step({ input: tensor([[1, 2]]) });
// @ts-expect-error parameters of another model
learner.setParams(stack([cells.gru({ input: 2, units: 4 })]).init(random.key(1)));
// @ts-expect-error parameters of another model
rfp(model, stack([cells.gru({ input: 2, units: 4 })]).init(random.key(1)));
// @ts-expect-error no such option
rfp(model, params, { windows: 3 });
// @ts-expect-error no such option of this rule
rules.bptt.start(model, params, { window: 3 });
// @ts-expect-error no such option
stack([cells.mingru({ input: 2, units: 4 })], { detach: true });
// @ts-expect-error no such option
plan(model, { batches: 3 });
// @ts-expect-error no such option
adam({ lr: 1 });
// @ts-expect-error one argument
customJvp((v) => v, (_, [t]) => t)(tensor([1]), tensor([1]));
// @ts-expect-error no such dtype
tensor([1], { dtype: "float16" });
// @ts-expect-error no such option
tensor([1]).sum(0, { keepdims: true });
stack([cells.mingru({ input: 2, units: 4 })], {
  // @ts-expect-error no such state
  loss: ({ now }) => now.states[0].c.sum(),
});
stack([cells.mingru({ input: 2, units: 4 })], {
  // @ts-expect-error no such parameter
  loss: ({ params }) => params.areas[0].W.sum(),
});
stack([cells.mingru({ input: 2, units: 4 })], {
  readout: () => ({ V: tensor([1]) }),
  // @ts-expect-error no such parameter
  loss: ({ params }) => params.readout.W.sum(),
});
const given = { name: "mine", equations: "", locality: "unit", states: ["h"] } as const;
const shapes = () => ({ W: [2, 2] });
// @ts-expect-error no such parameter
defineCell({ ...given, shapes, next: (p, s, x) => ({ h: drive(x, p.V) }), output: (_, s) => s.h });
// @ts-expect-error no such state
defineCell({ ...given, shapes, next: (p, s, x) => ({ h: s.c }), output: (_, s) => s.h });
// @ts-expect-error no such state, in what is read out
defineCell({ ...given, shapes, next: (p, s, x) => ({ h: s.h }), output: (_, s) => s.c });
// @ts-expect-error a state by a wrong name
defineCell({ ...given, shapes, next: (p, s, x) => ({ hh: s.h }), output: (_, s) => s.h });
// @ts-expect-error an initial value of no parameter
defineCell({ ...given, shapes, initial: { V: () => new Float64Array(4) }, next: (p, s, x) => ({ h: s.h }), output: (_, s) => s.h });
`;

/** A learner replays only what is declared pure, and finds out where the word was not kept. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cells, defineCell } from "../../src/cells/index.js";
import { RuleError } from "../../src/core/errors.js";
import { leavesOf } from "../../src/core/tree.js";
import {
  add,
  backendName,
  backendNames,
  customJvp,
  logSoftmax,
  mul,
  neg,
  random,
  scalar,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  useBackend,
} from "../../src/index.js";
import {
  bptt,
  type Learner,
  type Model,
  type ModelParams,
  rfp,
  rules,
  type Supervised,
  squaredError,
  stack,
} from "../../src/learn/index.js";
import { type End, requireSameEnd } from "../../src/learn/step/same-end.js";
import { isTensor } from "../../src/tensor/tensor.js";
import { randomParams, randomSequence } from "../../src/testing/index.js";

const chosen = backendName();
afterAll(() => useBackend(chosen));

const numbers = (tree: unknown): number[] =>
  leavesOf<Tensor>(tree, isTensor).flatMap(({ value }) => [...value.toTypedArray()]);
const samples = randomSequence(3, { input: [2], target: [2], steps: 7, batch: 1 });
const run = <S>(learner: Learner<S>, from: readonly S[], count: number, start = 0): void => {
  for (let t = start; t < start + count; t++) learner.step(from[t % from.length]);
};

/** The largest difference, relative to the largest entry. */
function apart(a: ModelParams, b: ModelParams): number {
  const [x, y] = [numbers(a), numbers(b)];
  const size = Math.max(...y.map(Math.abs));
  return Math.max(...x.map((v, i) => Math.abs(v - y[i]))) / size;
}

/** A cell whose gain is a variable of its own. */
function annealed(pure: boolean) {
  const own = { gain: 1 };
  const kind = defineCell({
    name: "annealed",
    equations: "h' = tanh(gain·(W x) + u⊙h)",
    pure,
    locality: "unit",
    states: ["h"],
    shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
    next: (p, { h }, x) => ({
      h: tanh(add(mul(x.matmul(p.W.transpose()), own.gain), mul(p.u, h))),
    }),
    output: (_, { h }) => h,
  });
  return { own, model: stack([kind({ input: 2, units: 2 })]) };
}

describe.each(backendNames())("a user's cell with a variable of its own, on %s", (name) => {
  beforeAll(() => useBackend(name));

  it("is made op by op, and says why, unless it is declared pure", () => {
    const { own, model } = annealed(false);
    const learner = rfp(model, randomParams(model, 1));
    const oracle = bptt(model, randomParams(model, 1));
    for (let t = 0; t < 300; t++) {
      if (t === 200) own.gain = 0.5;
      for (const each of [learner, oracle]) each.step(samples[t % samples.length]);
    }
    expect(apart(learner.gradient(), oracle.gradient())).toBeLessThan(1e-10);
    expect(learner.opByOp).toBe(
      "area 1 (annealed) does not say pure: true, the word that next and output depend on their arguments alone",
    );
    const pure = rfp(
      stack([cells.leaky({ input: 2, units: 2 })]),
      randomParams(stack([cells.leaky({ input: 2, units: 2 })]), 1),
    );
    run(pure, samples, 5);
    expect(pure.opByOp).toBeNull();
  });

  it.each([1, 8])(
    "is found out where it was declared pure, before its gradient is handed out (window %s)",
    (window) => {
      for (const change of [1100, 1101, 1150]) {
        const { own, model } = annealed(true);
        const learner = rfp(model, randomParams(model, 1), { window });
        run(learner, samples, change);
        own.gain = 0.5;
        const late = (): unknown => {
          run(learner, samples, 1152 - change, change);
          return learner.gradient();
        };
        expect(late).toThrow(RuleError);
        expect(late).toThrow(/numbers since step \d+ may be wrong|ends in other states/);
        // it stays so until the rule starts anew
        expect(() => learner.step(samples[0])).toThrow(RuleError);
        learner.reset();
        const oracle = bptt(model, randomParams(model, 1));
        for (const each of [learner, oracle]) run(each, samples, 20);
        expect(apart(learner.gradient(), oracle.gradient())).toBeLessThan(1e-10);
      }
    },
  );

  it("is found out before its gradient is handed out where its derivatives alone changed", () => {
    const own = { slope: 1 };
    const squash = customJvp(
      (x) => tanh(x),
      ([x], [t]) => mul(mul(t, sub(1, square(tanh(x)))), own.slope),
    );
    const steep = defineCell({
      name: "steep",
      equations: "h' = squash(W x + u⊙h)",
      pure: true,
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
      next: (p, { h }, x) => ({ h: squash(add(x.matmul(p.W.transpose()), mul(p.u, h))) }),
      output: (_, { h }) => h,
    });
    const model = stack([steep({ input: 2, units: 2 })]);
    const learner = rfp(model, randomParams(model, 1));
    run(learner, samples, 1200);
    own.slope = 2;
    // the last of 1280 replays, after which values were compared: that vouches for no derivative
    run(learner, samples, 83, 1200);
    expect(() => learner.gradient()).toThrow(/numbers since step \d+ may be wrong/);
  });

  it("is found out within 256 replays of a stream", () => {
    const { own, model } = annealed(true);
    const learner = rfp(model, randomParams(model, 1));
    run(learner, samples, 1100);
    own.gain = 0.5;
    let steps = 0;
    expect(() => {
      for (; steps < 1000; steps++) learner.step(samples[0]);
    }).toThrow(/numbers since step \d+ may be wrong/);
    expect(steps).toBeLessThanOrEqual(256);
  });

  it.each([false, undefined])("is refused in blocks where it draws at random (compile: %s)", (compile) => {
    let draws = 0;
    const noisy = defineCell({
      name: "noisy",
      equations: "h' = tanh(W x + u⊙h) ⊙ noise",
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
      next: (p, { h }, x) => {
        const noise = random.uniform(random.key(draws++), [2]);
        return { h: mul(tanh(add(x.matmul(p.W.transpose()), mul(p.u, h))), noise) };
      },
      output: (_, { h }) => h,
    });
    const model = stack([noisy({ input: 2, units: 2 })]);
    const learner = rfp(model, randomParams(model, 1), { window: 8, compile });
    expect(() => {
      run(learner, samples, 20);
      learner.gradient();
    }).toThrow(/second pass ends in other states or another loss/);
  });

  it("does not take growth of rounding for a change", () => {
    // a dense recurrence with large weights is chaotic: rounding grows over the steps of a block
    const model = stack([cells.vanilla({ input: 2, units: 24 })]);
    const start = model.init(random.key(5), { dtype: "float32" });
    const [area] = start.areas;
    const wild: typeof start = { ...start, areas: [{ ...area, U: mul(area.U, 4) }] };
    const small = randomSequence(3, { input: [2], target: [24], steps: 64, batch: 1 }).map(
      ({ input, target }) => ({ input: input.cast("float32"), target: target.cast("float32") }),
    );
    const zero = { states: model.areas.map((c) => c.zeroState(1, { dtype: "float32" })), input: null };
    const endOf = (params: typeof start, samples: readonly Supervised[]): End => {
      const learner = bptt(model, params);
      let end: End | null = null;
      for (const sample of samples) {
        const { moment, loss } = learner.step(sample);
        end = { states: moment.states, loss: scalar(loss, "float32") };
      }
      return end as End;
    };
    const [large] = wild.areas;
    const nudged: typeof start = { ...wild, areas: [{ ...large, b: add(large.b, 1e-7) }] };
    const [first, second] = [endOf(wild, small), endOf(nudged, small)];
    const most = Math.max(...numbers(first.states).map((v, i) => Math.abs(v - numbers(second.states)[i])));
    expect(most).toBeGreaterThan(0.01);
    const steps = small.map((sample) => ({ sample, heads: null }));
    const taken = { params: wild, start: zero, steps };
    expect(() => requireSameEnd("rfp", model, taken, first, second)).not.toThrow();
    // the same difference after a few steps is no rounding
    const few = { ...taken, steps: steps.slice(0, 4) };
    const [short, off] = [
      endOf(wild, small.slice(0, 4)),
      { ...second, loss: endOf(wild, small.slice(0, 4)).loss },
    ];
    expect(() => requireSameEnd("rfp", model, few, short, off)).toThrow(RuleError);
    const learner = rfp(model, wild, { window: 16 });
    run(learner, small, 48);
    expect(numbers(learner.gradient()).every(Number.isFinite)).toBe(true);
  });
});

describe.each(backendNames())("what a model captures, on %s", (name) => {
  beforeAll(() => useBackend(name));

  it.each([1, 8])(
    "stays what it is when parameters change: a pull towards initial weights (window %s)",
    (window) => {
      const area = cells.mingru({ input: 2, units: 2 });
      const start = randomParams(stack([area]), 1);
      const pulled = (compile: boolean): ModelParams => {
        const model = stack<Supervised>([area], {
          pure: true,
          loss: (context) =>
            add(
              squaredError(context),
              mul(sum(square(sub(context.params.areas[0].Wz, start.areas[0].Wz))), 5),
            ),
        });
        const learner = rfp(model, start, { compile, window });
        run(learner, samples, 16);
        learner.setParams(randomParams(model, 2));
        run(learner, samples, 16);
        return learner.gradient();
      };
      expect(apart(pulled(true), pulled(false))).toBeLessThan(1e-12);
    },
  );

  it("reads labels of now", () => {
    const area = cells.mingru({ input: 2, units: 3 });
    interface Labeled {
      readonly input: Tensor;
      readonly label: Tensor;
    }
    const model: Model<Labeled> = stack<Labeled>([area], {
      pure: true,
      loss: ({ now, sample }) => neg(sum(logSoftmax(now.outputs[0]).gather(sample.label, 1))),
    });
    const labeled = samples.map(({ input }, t) => ({ input, label: tensor([t % 3], { dtype: "int32" }) }));
    const found = [true, false].map((compile) => {
      const learner = rfp(model, randomParams(model, 1), { compile });
      run(learner, labeled, 40);
      return learner.gradient();
    });
    expect(apart(found[0], found[1])).toBeLessThan(1e-12);
  });

  it("keeps samples and parameters as they were given, whatever becomes of the objects that held them", () => {
    const model = stack([cells.mingru({ input: 2, units: 2 })]);
    const found = [1, 8].map((window) => {
      const params = randomParams(model, 1);
      const mine: typeof params = { readout: params.readout, areas: [{ ...params.areas[0] }] };
      const learner = rfp(model, mine, { window });
      const sample = { ...samples[0] } as { -readonly [K in keyof Supervised]: Supervised[K] };
      for (let t = 0; t < 20; t++) {
        Object.assign(sample, samples[t % samples.length]);
        learner.step(sample);
        Object.assign(mine.areas[0], { Wz: mul(mine.areas[0].Wz, 2) });
      }
      return learner.gradient();
    });
    const plain = rfp(model, randomParams(model, 1), { compile: false });
    run(plain, samples, 20);
    for (const gradient of found) expect(apart(gradient, plain.gradient())).toBeLessThan(1e-12);
  });

  it("tells every rule's user whether steps are replayed", () => {
    const model = stack([cells.mingru({ input: 2, units: 2 })]);
    for (const rule of Object.values(rules)) {
      const learner = rule.start(model, randomParams(model, 1), { compile: false });
      run(learner, samples, 3);
      // fptt alone has nothing to replay, and says nothing
      if (rule.name === "fptt") expect(learner.opByOp).toBeUndefined();
      else
        expect(learner.opByOp, rule.name).toEqual(
          expect.stringMatching(/compile: false|replays only|on the way/),
        );
    }
  });
});

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { defineCell } from "../../src/cells/index.js";
import { cells } from "../../src/cells/registry.js";
import { leavesOf } from "../../src/core/tree.js";
import { fresh } from "../../src/forward/factor.js";
import { dense, known, type Term } from "../../src/forward/term.js";
import { add, cast, einsum, mul, random, tanh, tensor, useBackend } from "../../src/index.js";
import {
  bptt,
  type Learner,
  plan,
  rfp,
  ruleNamed,
  type Supervised,
  stack,
  tbptt,
} from "../../src/learn/index.js";
import { stackTerms } from "../../src/learn/influence/stack.js";
import { automatically } from "../../src/learn/rules/rfp.js";
import { isTensor, type Tensor } from "../../src/tensor/tensor.js";
import {
  arbitraryStack,
  checkLearner,
  randomParams,
  randomSequence,
  type StackCase,
} from "../../src/testing/index.js";
import { sharp } from "../support/broken-cells.js";
import { integrator, totals } from "../support/odd-cells.js";

// backends other than the reference round in another order when they replay
beforeAll(() => useBackend("js"));

/** Small enough that a run takes milliseconds; up to 12 steps, so that blocks of 2 to 5 end within, at and after the end. */
const small = { units: [1, 4], inputs: [1, 4], steps: [1, 12] } as const;
const smallSpace = { units: [1, 2], inputs: [1, 3], steps: [1, 7] } as const;

const holds = (numRuns: number, cases: fc.Arbitrary<StackCase>): void => {
  const windows = fc.integer({ min: 2, max: 5 });
  fc.assert(
    fc.property(cases, windows, ({ model, params, samples }, window) => {
      checkLearner(ruleNamed(`rfp(${window})`), model, { params, samples });
    }),
    { numRuns },
  );
};

const vector = Object.values(cells).filter((kind) => !kind.definition.spatial);
const spatial = Object.values(cells).filter((kind) => kind.definition.spatial);

describe("rfp across blocks of steps equals backpropagation through time", () => {
  it.each(Object.values(cells).map((kind) => [kind.definition.name, kind] as const))("on %s", (_, kind) => {
    holds(
      10,
      arbitraryStack({ kinds: [kind], areas: [1, 1], ...(kind.definition.spatial ? smallSpace : small) }),
    );
  });

  it("on stacks of vector cells", () => holds(40, arbitraryStack({ kinds: vector, ...small })));

  it("on stacks of convolutional cells, with strides", () =>
    holds(12, arbitraryStack({ kinds: spatial, areas: [2, 3], ...smallSpace })));

  it("on any stack", () => holds(20, arbitraryStack(smallSpace)));

  it.each([
    ["an integrator", integrator],
    ["a cell of totals", totals],
  ])("where nothing has a coefficient, in either precision, on %s", (_, kind) => {
    const model = stack<Supervised>([kind({ input: 4, units: 3 })]);
    const samples = randomSequence(1, { input: [4], target: [3], steps: 8, batch: 2 });
    checkLearner(ruleNamed("rfp(3)"), model, { samples });
    const narrow = samples.map(({ input, target }) => ({
      input: cast(input, "float32"),
      target: cast(target, "float32"),
    }));
    const params = model.init(random.key(1), { dtype: "float32" });
    // states grow as Fibonacci's numbers, or as powers of three, and each is a sum of few terms
    checkLearner(ruleNamed("rfp(3)"), model, { params, samples: narrow, tolerance: 1e-5 });
  });

  it("where terms are one each, which no op of today makes: they are counted, and bases without a coefficient added", () => {
    const [unit, parameter] = [fresh(2), fresh(3)];
    const one: Term = { axes: [unit], coefficient: null, base: null, lost: [] };
    const terms = stackTerms([one, one, one], { axes: [unit, parameter], dtype: "float64" });
    expect(terms.map(({ coefficient, base }) => [coefficient?.tensor.item(), base])).toEqual([[3, null]]);
    const bases = [
      [1, 2, 4],
      [3, 5, 7],
    ].map((row) => dense({ axes: [parameter], tensor: tensor(row) }));
    const parts = bases.map((base): Term => ({ ...one, base }));
    const [sum, ...others] = stackTerms(parts, { axes: [unit, parameter], dtype: "float64" });
    expect(others).toEqual([]);
    const total = known(sum.base);
    expect([sum.coefficient, total?.axes, total?.tensor.toArray()]).toEqual([null, [parameter], [4, 7, 11]]);
  });

  // the root of zero above a silent unit: an infinite error meets influences that are zero
  it.each([
    [1, 1],
    [3, 4],
  ])("where zero meets an infinite error, in %i streams of %i steps", (batch, steps) => {
    const model = stack<Supervised>([cells.alif({ input: 1, units: 1 }), sharp({ input: [1], units: 1 })]);
    const params = randomParams(model, 0, 0);
    const samples = randomSequence(0, { input: [1], target: [1], steps, batch });
    const [expected, single, block] = ["bptt", "rfp", "rfp(8)"].map((name) => {
      const learner = ruleNamed(name).start(model, params, {});
      for (const sample of samples) learner.step(sample);
      return numbers(learner.gradient());
    });
    expect(expected.every(Number.isFinite)).toBe(true);
    expectClose(single, expected);
    expectClose(block, expected);
  });

  it("on detached stacks", () => holds(15, arbitraryStack({ ...smallSpace, detached: true })));
});

const numbers = (tree: unknown): number[] =>
  leavesOf<Tensor>(tree, isTensor).flatMap(({ value }) => [...value.toTypedArray()]);

/** Sums of the same products in another order: a few thousand roundings of the largest number. */
const expectClose = (found: readonly number[], wanted: readonly number[]): void => {
  const size = Math.max(...wanted.map(Math.abs), 1e-3);
  expect(found.length).toBe(wanted.length);
  wanted.forEach((v, i) => expect(Math.abs(found[i] - v)).toBeLessThan(1e-10 * size));
};

type Command = "step" | "gradient" | "clear" | "params" | "reset";

/** All numbers that a learner shows while it is told to do this and that. */
function shown(
  learner: Learner<Supervised>,
  { model, samples }: StackCase,
  commands: readonly Command[],
): number[] {
  const found: number[] = [];
  let t = 0;
  commands.forEach((command, i) => {
    if (command === "step") found.push(learner.step(samples[t++ % samples.length]).loss);
    else if (t === 0) return;
    else if (command === "gradient") found.push(...numbers(learner.gradient()));
    else if (command === "clear") learner.clearGradient();
    else if (command === "params") learner.setParams(randomParams(model, i));
    else {
      learner.reset();
      t = 0;
    }
  });
  if (t > 0) found.push(...numbers(learner.gradient()));
  return found;
}

describe("a block of steps", () => {
  const commands = fc.array(
    fc.oneof(
      { weight: 12, arbitrary: fc.constant<Command>("step") },
      fc.constantFrom<Command>("gradient", "clear", "params", "reset"),
    ),
    { minLength: 1, maxLength: 40 },
  );
  const windows = fc.integer({ min: 2, max: 6 });
  const stacks = arbitraryStack({ kinds: vector, areas: [1, 3], units: [1, 3], inputs: [1, 3] });

  it.each([
    ["exact", false],
    ["exact", true],
    ["local", false],
    ["local", true],
  ] as const)(
    "ends wherever something is asked: the numbers are those of single steps (credit %s, compile %s)",
    (credit, compile) => {
      fc.assert(
        fc.property(stacks, windows, commands, (made, window, list) => {
          const [single, block] = [{ credit }, { credit, window, compile }].map((options) =>
            shown(rfp(made.model, made.params, options), made, list),
          );
          expectClose(block, single);
        }),
        { numRuns: 25 },
      );
    },
  );

  it("replays to the last bit what it does op by op", () => {
    fc.assert(
      fc.property(stacks, windows, commands, (made, window, list) => {
        const [eager, compiled] = [false, true].map((compile) =>
          shown(rfp(made.model, made.params, { window, compile }), made, [...list, ...list, ...list]),
        );
        expect(compiled).toEqual(eager);
      }),
      { numRuns: 10 },
    );
  });

  it.each(["tbptt", "bptt"])("is the same whether %s records it or takes it again", (name) => {
    fc.assert(
      fc.property(stacks, windows, commands, (made, window, list) => {
        const [taped, again] = [false, true].map((compile) =>
          shown(
            name === "bptt"
              ? bptt(made.model, made.params, { compile })
              : tbptt(made.model, made.params, { window, compile }),
            made,
            list,
          ),
        );
        expectClose(again, taped);
      }),
      { numRuns: 25 },
    );
  });

  it("is taken once more for its gradient, and again only where steps come after it unexpectedly", () => {
    let made = 0;
    const [area] = stack<Supervised>([cells.mingru({ input: 3, units: 2 })]).areas;
    const counting = {
      ...area,
      next: (...at: Parameters<typeof area.next>) => {
        made++;
        return area.next(...at);
      },
    };
    const model = { ...stack<Supervised>([cells.mingru({ input: 3, units: 2 })]), areas: [counting] };
    const samples = randomSequence(1, { input: [3], target: [2], steps: 4, batch: 1 });
    const learner = rfp(model, randomParams(model, 1), { window: 4, compile: false });
    const steps = (): number => {
      for (const sample of samples) learner.step(sample);
      learner.gradient();
      const count = made;
      made = 0;
      return count;
    };
    const [values, block] = [4, 4];
    steps();
    // the first block is moved when the next step comes
    expect(steps()).toBe(values + block + block);
    // from then on a block is moved while its gradient is taken
    expect(steps()).toBe(values + block);
    expect(steps()).toBe(values + block);
    // and no longer where sequences end with it
    learner.reset();
    expect(steps()).toBe(values + block);
    expect(steps()).toBe(values + block + block);
  });

  it("takes no more memory after ten thousand steps than after a hundred", () => {
    const model = stack<Supervised>([
      cells.mingru({ input: 3, units: 4 }),
      cells.leaky({ input: 4, units: 2 }),
    ]);
    const samples = randomSequence(1, { input: [3], target: [2], steps: 7, batch: 2 });
    const learner = rfp(model, randomParams(model, 1), { window: 16 });
    const memoryAfter = (steps: number): unknown => {
      for (let t = 0; t < steps; t++) learner.step(samples[t % samples.length]);
      return learner.memory();
    };
    memoryAfter(16 * 20);
    expect(memoryAfter(16 * 600)).toEqual(memoryAfter(16));
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a window of %s", (window) => {
    const model = stack<Supervised>([cells.leaky({ input: 1, units: 1 })]);
    expect(() => rfp(model, randomParams(model, 1), { window })).toThrow(
      `rfp: expected window to be a whole number of at least 1 or auto, got ${window}`,
    );
  });
});

/** The gradient as it is asked for after every so many steps. */
const asked = (learner: Learner<Supervised>, samples: readonly Supervised[], every: number): number[] =>
  samples.flatMap((sample, t) => {
    learner.step(sample);
    return t % every === every - 1 ? numbers(learner.gradient()) : [];
  });

describe("blocks that end early", () => {
  const everyStep = (
    { model, params, samples }: Pick<StackCase, "model" | "params" | "samples">,
    window: number,
    every: number,
  ): void => {
    const [block, single] = [window, 1].map((h) => asked(rfp(model, params, { window: h }), samples, every));
    expectClose(block, single);
  };

  it("are those of single steps, in stacks of any depth", () => {
    const cases = arbitraryStack({ areas: [2, 4], units: [1, 3], inputs: [1, 5], steps: [1, 7] });
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 3 }), (one, every) => everyStep(one, every + 1, every)),
      { numRuns: 60 },
    );
  });

  // counts say that one step is crossed in fewer multiply-adds than it takes
  it("where a single step would be crossed at once", () => {
    const areas = [
      cells.alif({ input: [5, 3, 3], units: 1 }),
      cells.elstm({ input: 1, units: 3 }),
      cells.gru({ input: 3, units: 3 }),
    ];
    const model = stack<Supervised>(areas);
    for (const seed of [2, 3, 4]) {
      const samples = randomSequence(seed, { input: [5, 3, 3], target: [3], steps: 4, batch: 1 });
      everyStep({ model, params: randomParams(model, seed), samples }, 2, 1);
    }
  });
});

describe("blocks of steps that it does not pay to cross", () => {
  // three areas whose units hear all below: at two steps a block takes as many multiply-adds as single steps do
  const model = stack<Supervised>([24, 24, 24].map((units) => cells.mingru({ input: 24, units })));
  const params = model.init(random.key(1));
  const samples = randomSequence(2, { input: [24], target: [24], steps: 12, batch: 1 });

  it("move the influence step by step, to the same gradient, and hold one step's results", () => {
    const learner = rfp(model, params, { window: 2, compile: true });
    const single = rfp(model, params, { compile: true });
    for (const sample of samples) expect(learner.step(sample).loss).toBe(single.step(sample).loss);
    const { multiplyAdds } = plan(model, { window: 2 });
    expect(multiplyAdds.rfpWindow).toBe(multiplyAdds.rfpExact);
    expect(learner.memory().workspace).toBeLessThan(1.5 * (single.memory().workspace as number));
    expectClose(numbers(learner.gradient()), numbers(single.gradient()));
  });

  it("cross where it pays", () => {
    const { multiplyAdds } = plan(model, { window: 8 });
    expect(multiplyAdds.rfpWindow).toBeLessThan(0.5 * multiplyAdds.rfpExact);
  });
});

const inBlocks = (learner: Learner<Supervised>): unknown =>
  (learner.save() as { knows: { inBlocks: boolean } }).knows.inBlocks;

describe("an automatic window", () => {
  // 589,824 bytes of matrices, whose traces cross well
  const model = stack<Supervised>([cells.mingru({ input: 192, units: 192 })]);
  const params = model.init(random.key(1));
  const samples = randomSequence(2, { input: [192], target: [192], steps: 50, batch: 1 });

  it("takes 1,024 single steps, and then blocks of 32, to the same gradient", () => {
    const learner = rfp(model, params, { window: "auto" });
    const single = rfp(model, params);
    for (let t = 0; t < 1100; t++) {
      const sample = samples[t % samples.length];
      expect(learner.step(sample).loss).toBe(single.step(sample).loss);
      if (t === 1022 || t === 1023) expect(inBlocks(learner)).toBe(t === 1023);
    }
    expectClose(numbers(learner.gradient()), numbers(single.gradient()));
  });

  it("stays with single steps where blocks would be short", () => {
    const learner = rfp(model, params, { window: "auto" });
    for (let t = 0; t < 1100; t++) {
      learner.step(samples[t % samples.length]);
      if (t % 7 === 6) learner.setParams(params);
    }
    expect(inBlocks(learner)).toBe(false);
  });

  it("is saved as what it is, and loaded as nothing else", () => {
    const learner = rfp(model, params, { window: "auto" });
    learner.step(samples[0]);
    const tree = learner.save();
    expect(() => rfp.load(model, params, tree)).not.toThrow();
    expect(() => rfp.load(model, params, tree, { window: 32 })).toThrow(
      "rfp: expected 32, as this learner has at settings.window, got auto",
    );
  });
});

describe("single steps that blocks go on from", () => {
  const model = stack<Supervised>([cells.leaky({ input: 2, units: 3 })]);
  const params = model.init(random.key(1));
  const samples = randomSequence(2, { input: [2], target: [3], steps: 12, batch: 1 });
  const soon = { after: 6, inRow: 0 };

  it("hand over what they know of the last step's input, which a refused step leaves", () => {
    const learner = automatically(model, params, 3, {}, soon);
    const single = rfp(model, params);
    for (const sample of samples.slice(0, 6)) for (const one of [learner, single]) one.step(sample);
    expect(inBlocks(learner)).toBe(true);
    expect(numbers(learner.inputGradient())).toEqual(numbers(single.inputGradient()));
    expect(() => learner.step(samples[6], { heads: ["none"] })).toThrow();
    expect(numbers(learner.inputGradient())).toEqual(numbers(single.inputGradient()));
  });

  it("stay where samples are such as no block could keep", () => {
    class Frame {
      constructor(
        readonly input: Tensor,
        readonly target: Tensor,
      ) {}
    }
    const learner = automatically(model, params, 3, {}, soon);
    for (const { input, target } of samples) learner.step(new Frame(input, target as Tensor));
    expect(inBlocks(learner)).toBe(false);
  });

  it("are compared with op by op before they go, and before they are saved, however long ago that was done", () => {
    const own = { gain: 1 };
    const annealed = defineCell({
      name: "annealed",
      equations: "h' = tanh(gain W x + u h)",
      pure: true,
      locality: "unit",
      states: ["h"],
      shapes: ({ input, units }) => ({ W: [units, ...input], u: [units] }),
      next: (p, { h }, x) => ({ h: tanh(add(mul(einsum("bi,oi->bo", x, p.W), own.gain), mul(p.u, h))) }),
      output: (_, { h }) => h,
    });
    const changing = stack<Supervised>([annealed({ input: 2, units: 3 })]);
    const steps = (learner: Learner<Supervised>, from: number, to: number): void => {
      for (let t = from; t < to; t++) {
        own.gain = t < 190 ? 1 : 0.5;
        learner.step(samples[t % samples.length]);
        if (t % 4 === 3) learner.gradient();
      }
    };
    const start = changing.init(random.key(1));
    const learner = automatically(changing, start, 3, {}, { after: 196, inRow: 0 });
    steps(learner, 0, 195);
    expect(() => steps(learner, 195, 196)).toThrow(/expected a model that computes the same/);
    const single = rfp(changing, start);
    steps(single, 0, 195);
    expect(() => single.save()).toThrow(/expected a model that computes the same/);
    const blocks = rfp(changing, start, { window: 2 });
    steps(blocks, 0, 150);
    own.gain = 0.5;
    expect(() => blocks.save()).toThrow(/expected a model that computes the same/);
  });
});
